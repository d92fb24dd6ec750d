import pytest
from django.apps import apps

from referral_blocks.core.errors import DomainError
from referral_blocks.emails.models import Email
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.refer_by_name import confirm_claim, refer_by_name, reject_claim
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.people.models import Person
from referral_blocks.people.services import clean_particulars, get_or_create_person
from referral_blocks.referrals import claims
from referral_blocks.referrals.claims import candidates
from referral_blocks.referrals.models import ClaimChange, Referral, ReferralClaim
from referral_blocks.rewards.models import Reward
from referral_blocks.rewards.offers import RuleInput
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(django_user_model):
    return django_user_model.objects.create_user("staff")


def name(program, referrer_name="Robin Example", **given):
    friend = {"email": "kim@example.com", "name": "Kim Example", "accept_terms": True, **given}
    return refer_by_name(program=program, referrer_name=referrer_name, **friend)


def counts():
    return {model: model.objects.count() for model in apps.get_app_config("referral_blocks").get_models()}


def test_a_name_becomes_a_claim_once_with_the_terms_that_were_accepted():
    program = make_program()
    make_link(program)
    first, again = name(program), name(program, "Somebody Else")
    assert (first.claim.typed_name, first.claim.state, first.referral) == ("Robin Example", "open", None)
    assert first.claim.terms_version.text == "Be kind."
    assert again.claim == first.claim
    assert (ReferralClaim.objects.count(), Referral.objects.count()) == (1, 0)


@pytest.mark.parametrize("typed", ["R.o.bin+x@gmail.com", "07700 900-123"])
def test_the_referrers_own_address_or_number_credits_them_at_once(typed):
    program = make_program()
    link = make_link(program, email="robin@gmail.com")
    Person.objects.filter(pk=link.referrer.person_id).update(phone="07700900123", phone_key="7700900123")
    named = name(program, typed)
    assert (named.claim, named.referral.referrer) == (None, link.referrer)
    assert named.referral.attribution_method == "contact"
    assert Email.objects.filter(kind="friend_arrived").count() == 1


def test_a_number_that_two_referrers_share_and_one_that_is_none_are_left_to_staff():
    program = make_program()
    for n in (1, 2):
        make_link(program, email=f"r{n}@example.com")
    Person.objects.update(phone="07700900123", phone_key="7700900123")
    assert name(program, "07700900123").claim.typed_name == "07700900123"
    assert name(program, "12", email="two@example.com").claim
    assert name(program, "nobody@example.com", email="three@example.com").claim
    assert not Referral.objects.exists()


def test_a_friend_who_has_a_referral_keeps_it():
    program = make_program()
    link = make_link(program)
    other = make_link(program, email="other@example.com")
    kept = capture_referral(
        program=program, email="kim@example.com", name="Kim", accept_terms=True, code=link.code
    ).referral
    assert name(program, "Robin").referral == kept
    assert name(program, "other@example.com").referral == kept
    kept.refresh_from_db()
    assert (kept.referrer, ReferralClaim.objects.count()) == (link.referrer, 0)
    assert other.referrer.referrals.count() == 0


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"referrer_name": " "}, "required", ("referrerName",)),
        ({"referrer_name": "x" * 121}, "too_long", ("referrerName",)),
        ({"referrer_name": "R\x00"}, "invalid_text", ("referrerName",)),
        ({"email": "kim@"}, "invalid_email", ("email",)),
        ({"accept_terms": False}, "terms_not_accepted", ("acceptTerms",)),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(given, code, path):
    program = make_program()
    before = counts()
    with pytest.raises(DomainError) as refused:
        name(program, **given)
    assert (refused.value.code, refused.value.path, counts()) == (code, path, before)


def test_staff_see_who_may_be_meant_most_alike_first():
    program = make_program()
    for number, person in enumerate(
        ["Robin Example", "Robyn Exampel", "Robin Maria Example", "Exämple, Robin", "Sandra Field", ""]
    ):
        make_link(program, email=f"r{number}@example.com", name=person)
    make_link(make_program(slug="other"), email="o@example.com", name="Robin Example")
    found = [(c.referrer.person.name, round(c.likeness, 2)) for c in candidates(claim=name(program).claim)]
    assert [who for who, _ in found] == ["Exämple, Robin", "Robin Example", "Robin Maria Example", "Robyn Exampel"]
    assert [like for _, like in found][:3] == [1.0, 1.0, 0.95]


def test_the_look_for_candidates_costs_the_same_however_many_take_part(django_assert_num_queries, monkeypatch):
    program = make_program()
    oldest = make_link(program, email="oldest@example.com").referrer
    claim = name(program).claim
    with django_assert_num_queries(2):
        assert [c.referrer for c in candidates(claim=claim)] == [oldest]
    for n in range(5):
        make_link(program, email=f"r{n}@example.com", name="Sandra Field")
    with django_assert_num_queries(2):
        candidates(claim=claim)
    monkeypatch.setattr(claims, "POOL", 5)
    assert candidates(claim=claim) == []


def test_a_confirmed_claim_becomes_a_referral_with_its_terms_and_sign_up_rewards(staff):
    program = make_program(rules=())
    set_reward_rule(program=program, given=RuleInput("referrer", "Gift", "5", trigger="sign_up"))
    link = make_link(program)
    claim = name(program).claim
    program.terms = "Later text."
    program.save()
    referral = confirm_claim(claim=claim, referrer=link.referrer, actor=staff, note="Spoke to Kim.")
    assert (referral.attribution_method, referral.referrer) == ("name", link.referrer)
    assert referral.terms_version.text == "Be kind."
    assert list(ClaimChange.objects.values_list("to_state", "note", "actor")) == [
        ("confirmed", "Spoke to Kim.", staff.pk)
    ]
    assert Reward.objects.get().amount_minor == 500
    assert link.referrer.standing_row.friends == 1


def test_a_claim_is_decided_once(staff):
    program = make_program()
    link = make_link(program)
    claim = name(program).claim
    assert reject_claim(claim=claim, actor=staff, note="Nobody of this name.")
    assert not reject_claim(claim=claim, actor=staff, note="Again.")
    before = counts()
    with pytest.raises(DomainError) as refused:
        confirm_claim(claim=claim, referrer=link.referrer, actor=staff)
    assert (refused.value.code, counts()) == ("wrong_state", before)
    assert list(ClaimChange.objects.values_list("to_state", "note")) == [("rejected", "Nobody of this name.")]


@pytest.mark.parametrize(
    ("case", "code", "path"),
    [
        ("other programme", "not_found", ("referrer",)),
        ("the friend", "self_referral", ("referrer",)),
        ("came by a link meanwhile", "already_referred", ()),
        ("long note", "too_long", ("note",)),
    ],
)
def test_a_claim_that_cannot_be_confirmed_stays_open(case, code, path, staff):
    program = make_program()
    link = make_link(program)
    claim = name(program).claim
    referrer, note = link.referrer, ""
    if case == "other programme":
        referrer = make_link(make_program(slug="other")).referrer
    elif case == "the friend":
        referrer = make_link(program, email="kim@example.com").referrer
    elif case == "long note":
        note = "x" * 501
    else:
        capture_referral(program=program, email="kim@example.com", name="Kim", accept_terms=True, code=link.code)
    before = counts()
    with pytest.raises(DomainError) as refused:
        confirm_claim(claim=claim, referrer=referrer, actor=staff, note=note)
    claim.refresh_from_db()
    assert (refused.value.code, refused.value.path, claim.state, counts()) == (code, path, "open", before)


def test_rejecting_needs_a_reason(staff):
    claim = name(make_program()).claim
    with pytest.raises(DomainError) as refused:
        reject_claim(claim=claim, actor=staff, note=" ")
    assert (refused.value.code, refused.value.path) == ("required", ("note",))


def test_the_queries_do_not_grow_with_history(django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    program = make_program()
    make_link(program)
    name(program)
    with CaptureQueriesContext(connection) as few:
        name(program, email="a@example.com")
    for n in range(5):
        get_or_create_person(given=clean_particulars(email=f"p{n}@example.com"))
        name(program, email=f"p{n}@example.com")
    with django_assert_num_queries(len(few)):
        name(program, email="b@example.com")
