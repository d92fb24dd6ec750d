"""Staff say who told a friend."""

import pytest
from django.urls import reverse

from referral_blocks.flows.refer_by_name import refer_by_name
from referral_blocks.referrals.models import ClaimChange, ClaimState, Referral, ReferralClaim
from tests.make import make_link, make_program

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db

LIST = "referral_claim_desk:index"


@pytest.fixture
def program():
    return make_program()


@pytest.fixture
def client():
    return staff_client("review_referral")


def make_claim(program, typed="Robin Exampel", **fields):
    return refer_by_name(
        program=program, email="kim@example.com", name="Kim Example", referrer_name=typed, accept_terms=True, **fields
    ).claim


def decide(client, claim, **given):
    return client.post(reverse("referral_claim_desk:decide", args=[claim.pk]), given, follow=True)


def test_the_desk_lists_open_claims_and_whom_they_may_mean(client, program):
    link = make_link(program)
    claim = make_claim(program, "Robin <b>Exampel", answers=[("Which floor?", "<i>First")])
    html = client.get(reverse(LIST)).content.decode()
    assert "Robin &lt;b&gt;Exampel" in html
    page = client.get(reverse("referral_claim_desk:decide", args=[claim.pk])).content.decode()
    assert f'value="{link.referrer.pk}"' in page
    assert "Robin Example · referrer@example.com" in page
    assert "&lt;i&gt;First" in page


def test_a_likely_one_is_credited_and_what_the_friend_wrote_goes_along(client, program):
    link = make_link(program)
    claim = make_claim(program, answers=[("Which floor?", "First")])
    response = decide(client, claim, who=str(link.referrer.pk))
    assert messages_of(response) == ["“Kim Example” is credited to “Robin Example”."]
    assert Referral.objects.get().referrer == link.referrer
    assert Referral.objects.get().answers == [{"label": "Which floor?", "text": "First"}]
    assert ReferralClaim.objects.get().state == ClaimState.CONFIRMED
    assert "Kim Example" not in client.get(reverse(LIST)).content.decode()


@pytest.mark.parametrize("by", ["code", "address"])
def test_somebody_else_is_found_by_code_or_address(client, program, by):
    link = make_link(program, email="other@example.com", name="Quite Different")
    claim = make_claim(program)
    decide(client, claim, who="other", other=link.code.lower() if by == "code" else "Other@example.com")
    assert Referral.objects.get().referrer == link.referrer


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"who": "other", "other": ""}, "Nobody in this programme has this code"),
        ({"who": "other", "other": "NOBODY99"}, "Nobody in this programme has this code"),
        ({"who": "999999"}, "Select a valid choice"),
        ({"who": "nobody", "note": ""}, "This cannot be empty."),
        ({}, "This field is required"),
    ],
)
def test_a_decision_that_cannot_be_is_said_so_and_nothing_changes(client, program, given, said):
    make_link(program)
    claim = make_claim(program)
    assert said in decide(client, claim, **given).content.decode()
    assert Referral.objects.count() == ClaimChange.objects.count() == 0


def test_a_referrer_of_another_programme_is_nobody_here(client, program):
    other = make_link(make_program(slug="other"), email="else@example.com")
    claim = make_claim(program)
    decide(client, claim, who="other", other=other.code)
    assert Referral.objects.count() == 0


def test_nobody_can_be_their_own_referrer(client, program):
    own = make_link(program, email="kim@example.com", name="Kim Example")
    claim = make_claim(program)
    html = decide(client, claim, who="other", other=own.code).content.decode()
    assert "Nobody can refer themselves." in html
    assert Referral.objects.count() == 0


def test_a_claim_is_rejected_with_a_reason_and_decided_once(client, program):
    claim = make_claim(program)
    response = decide(client, claim, who="nobody", note="No such customer.")
    assert messages_of(response) == ["The claim of “Kim Example” is rejected."]
    assert ReferralClaim.objects.get().state == ClaimState.REJECTED
    assert ClaimChange.objects.get().note == "No such customer."
    again = client.get(reverse("referral_claim_desk:decide", args=[claim.pk]), follow=True)
    assert messages_of(again) == ["“Kim Example” is decided already: Rejected."]


def test_staff_without_the_right_decide_nothing(program):
    claim = make_claim(program)
    client = staff_client("view_referral", username="pat")
    assert client.get(reverse(LIST)).status_code == 403
    assert client.post(reverse("referral_claim_desk:decide", args=[claim.pk]), {"who": "nobody"}).status_code == 403
    assert ReferralClaim.objects.get().state == ClaimState.OPEN
