import pytest
from strawberry import relay
from wagtail.models import Page, Site

from graphql_api.records.referrals import AttributionMethod, ReferralReview, ReviewSide, ReviewVerdict
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.fraud import models as fraud
from referral_blocks.referrals import models
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import Reward
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db

REVIEW = """mutation ($input: ReviewReferralInput!) { reviewReferral(input: $input) {
  referral { referralId stage review } alreadyDecided errors { code path } } }"""
ATTRIBUTE = """mutation ($input: AttributeReferralInput!) { attributeReferral(input: $input) {
  referral { stage review attributionMethod } errors { code path } } }"""


@pytest.fixture
def referral():
    return make_referral(make_program())


def key_of(referral, *scopes):
    return create_api_key(site_id=referral.program.site_id, name="Desk", scopes=scopes)


def flagged(referral):
    set_review(referral=referral, to="flagged", reason="check")
    sale = {"source": "api", "external_id": "A-1", "friend_email": "friend@example.com"}
    record_sale(program=referral.program, amount="100", currency="GBP", **sale)
    return relay.to_base64("ReferralRecord", referral.public_id)


def review(client, key, referral_id, **given):
    given = {"id": referral_id, "verdict": "APPROVE", "note": "I know them.", **given}
    return data(client, REVIEW, {"input": given}, bearer=key)["reviewReferral"]


def test_a_key_decides_and_is_named_in_every_row_of_it(client, referral):
    key, text = key_of(referral, Scope.REVIEWS_WRITE)
    flagged_id = flagged(referral)
    decided = {"referralId": flagged_id, "stage": "QUALIFIED", "review": "APPROVED"}
    done = {"referral": decided, "alreadyDecided": False, "errors": []}
    assert review(client, text, flagged_id) == done
    assert review(client, text, flagged_id) == {**done, "alreadyDecided": True}
    agent = f"Desk ({key.prefix}…)"
    decision = fraud.ReviewDecision.objects.get()
    assert (decision.decision, decision.reason, decision.actor, decision.agent) == (
        "approve", "I know them.", None, agent,
    )  # fmt: skip
    step = referral.changes.filter(field="review").last()
    assert (step.to_state, step.actor, step.agent) == ("approved", None, agent)
    assert referral.changes.filter(field="review").first().agent == ""
    refused = review(client, text, flagged_id, verdict="BLOCK")
    assert (refused["referral"], refused["errors"]) == (None, [{"code": "WRONG_STATE", "path": []}])


def test_blocking_cancels_the_rewards(client, referral):
    _key, text = key_of(referral, Scope.REVIEWS_WRITE)
    assert review(client, text, flagged(referral), verdict="BLOCK")["referral"]["review"] == "BLOCKED"
    assert set(Reward.objects.values_list("state", flat=True)) == {"void"}


def test_a_decision_needs_its_scope_its_site_and_a_note(client, referral):
    flagged_id = flagged(referral)
    given = {"input": {"id": flagged_id, "verdict": "APPROVE", "note": "Fine."}}
    _key, text = key_of(referral, Scope.REVIEWS_WRITE)
    _key, other = key_of(referral, *(s for s in Scope.values if s != "reviews:write"))
    assert codes(ask(client, REVIEW, given)) == ["UNAUTHENTICATED"]
    assert codes(ask(client, REVIEW, given, bearer=other)) == ["FORBIDDEN"]
    assert review(client, text, flagged_id, note="")["errors"] == [{"code": "REQUIRED", "path": ["note"]}]
    assert review(client, text, relay.to_base64("ReferralRecord", "x"))["errors"] == [
        {"code": "NOT_FOUND", "path": ["id"]}
    ]
    far = Site.objects.create(hostname="other.example.com", root_page=Page.objects.filter(depth=1).first())
    referral.program.site = far
    referral.program.save()
    assert review(client, text, flagged_id)["errors"] == [{"code": "NOT_FOUND", "path": ["id"]}]
    referral.refresh_from_db()
    assert (referral.review, fraud.ReviewDecision.objects.count()) == ("flagged", 0)


def attribute(client, key, referrer, **given):
    given = {
        "program": "neighbours", "referrer": relay.to_base64("ReferrerRecord", referrer.public_id),
        "email": "friend@example.com", "reason": "They called.", **given,
    }  # fmt: skip
    return data(client, ATTRIBUTE, {"input": given}, bearer=key)["attributeReferral"]


def test_a_key_moves_the_credit_once_and_is_named(client, referral):
    key, text = key_of(referral, Scope.REFERRALS_WRITE)
    other = make_link(referral.program, email="other@example.com").referrer
    done = {
        "referral": {"stage": "CAPTURED", "review": "CLEAR", "attributionMethod": "MANUAL"},
        "errors": [],
    }
    assert attribute(client, text, other) == done
    assert attribute(client, text, other) == done
    referral.refresh_from_db()
    steps = referral.changes.filter(reason="manual")
    assert [(step.note, step.agent) for step in steps] == [("They called.", f"Desk ({key.prefix}…)")]
    assert referral.referrer == other


def test_a_credit_without_the_scope_or_to_nobody_is_refused(client, referral):
    _key, text = key_of(referral, Scope.REFERRALS_WRITE)
    _key, reader = key_of(referral, Scope.REFERRALS_READ)
    given = {"program": "neighbours", "referrer": relay.to_base64("ReferrerRecord", referral.public_id)}
    given |= {"email": "new@example.com", "reason": "Why"}
    assert codes(ask(client, ATTRIBUTE, {"input": given}, bearer=reader)) == ["FORBIDDEN"]
    refused = data(client, ATTRIBUTE, {"input": given}, bearer=text)["attributeReferral"]
    assert refused == {"referral": None, "errors": [{"code": "NOT_FOUND", "path": ["referrer"]}]}
    assert models.Referral.objects.count() == 1


def test_filters_narrow_the_list(client, referral):
    _key, text = key_of(referral, Scope.REFERRALS_READ)
    make_referral(referral.program, email="second@example.com", link=referral.link)
    set_review(referral=referral, to="flagged", reason="check")

    def found(**only):
        query = (
            "query ($f: ReferralFilter) { server { referrals(filter: $f) { edges { node { friend { email } } } } } }"
        )
        edges = data(client, query, {"f": only}, bearer=text)["server"]["referrals"]["edges"]
        return [edge["node"]["friend"]["email"] for edge in edges]

    assert found() == ["second@example.com", "friend@example.com"]
    assert found(reviews=["FLAGGED"]) == ["friend@example.com"]
    assert found(friendEmail="SECOND@example.com") == ["second@example.com"]
    assert found(referrerEmail="nobody@example.com") == []
    assert found(program="unknown") == []
    assert found(program="a\0b") == []
    assert found(stages=["CAPTURED"], attributed={"since": "2020-01-01T00:00:00Z"}) == found()
    assert found(attributed={"before": "2020-01-01T00:00:00Z"}) == []


@pytest.mark.parametrize(
    ("shown", "stored"),
    [
        (ReferralReview, models.Review),
        (AttributionMethod, models.AttributionMethod),
        (ReviewSide, fraud.SignalSide),
        (ReviewVerdict, fraud.Decision),
    ],
)
def test_enums_show_every_stored_value(shown, stored):
    assert {member.name: member.value for member in shown} == {member.name: member.value for member in stored}
