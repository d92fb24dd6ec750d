"""People decide about flagged referrals: side by side, both, and many at once."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.review_by_score import Reviewed, review_by_score
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.fraud.models import ReviewDecision, RiskSignal
from referral_blocks.fraud.selectors import review_queue, side_states
from referral_blocks.ledger.selectors import balances, unbalanced_entries
from referral_blocks.payouts.models import Payout
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import Reward
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db

RULES = (
    {"side": "referrer", "title": "Gift", "amount_minor": 2000, "hold_days": 0, "approval": "automatic"},
    {"side": "friend", "title": "Off", "amount_minor": 1000, "hold_days": 0, "approval": "automatic"},
)


@pytest.fixture
def staff():
    return User.objects.create_user("sam")


def flagged(program=None):
    """A friend with the referrer's own mailbox: both sides wait."""
    program = program or make_program(rules=RULES)
    link = make_link(program, email="robin@example.com")
    return make_referral(program, email="robin+2@example.com", link=link)


def buy(referral, number=1):
    return record_sale(
        program=referral.program, source="api", external_id=str(number), friend_email=referral.friend.email,
        amount="100", currency="GBP",
    ).rewards  # fmt: skip


def decide(referral, staff, *, approve, side="both", note="Called them"):
    return review_referral(referral=referral, approve=approve, side=side, note=note, actor=staff)


def states():
    return dict(Reward.objects.values_list("side", "state"))


def decisions():
    return list(ReviewDecision.objects.values_list("side", "decision", "reason", "actor__username", "automatic"))


@pytest.mark.parametrize(
    ("approve", "review", "state", "payouts"), [(True, "approved", "reserved", 2), (False, "blocked", "void", 0)]
)
def test_a_decision_about_both_sides_is_one_row_and_settles_both(staff, approve, review, state, payouts):
    referral = flagged()
    buy(referral)
    assert decide(referral, staff, approve=approve)
    assert referral.review == review
    assert states() == {"referrer": state, "friend": state}
    assert Payout.objects.count() == payouts
    assert decisions() == [("both", "approve" if approve else "block", "Called them", "sam", False)]
    change = referral.changes.filter(field="review").last()
    assert (change.from_state, change.to_state, change.reason, change.note, change.actor) == (
        "flagged", review, "person", "Called them", staff,
    )  # fmt: skip
    assert unbalanced_entries() == []


def test_the_referral_stays_flagged_until_the_second_side_is_decided(staff):
    referral = flagged()
    buy(referral)
    assert decide(referral, staff, approve=True, side="referrer")
    assert (referral.review, states()) == ("flagged", {"referrer": "reserved", "friend": "pending"})
    assert side_states(referral=referral).open == {"friend"}
    assert decide(referral, staff, approve=True, side="friend")
    assert (referral.review, states()) == ("approved", {"referrer": "reserved", "friend": "reserved"})


def test_one_blocked_side_loses_its_reward_and_the_other_goes_on(staff):
    referral = flagged()
    buy(referral)
    decide(referral, staff, approve=False, side="referrer")
    decide(referral, staff, approve=True, side="friend")
    assert (referral.review, states()) == ("approved", {"referrer": "void", "friend": "reserved"})
    left = {key: value for key, value in balances(program_id=referral.program_id).items() if value}
    assert left[("rewards_payable", "GBP")] == -1000
    assert ("rewards_pending", "GBP") not in left


def test_two_blocked_sides_block_the_referral(staff):
    referral = flagged()
    buy(referral)
    decide(referral, staff, approve=False, side="friend")
    assert referral.review == "flagged"
    decide(referral, staff, approve=False, side="referrer")
    assert (referral.review, states()) == ("blocked", {"referrer": "void", "friend": "void"})


def test_a_side_that_is_decided_between_two_sales_earns_or_earns_not(staff):
    referral = flagged(make_program(rules=tuple({**rule, "sale_to": None} for rule in RULES)))
    decide(referral, staff, approve=False, side="referrer")
    buy(referral)
    assert states() == {"friend": "pending"}
    decide(referral, staff, approve=True, side="friend")
    assert [reward.side for reward in buy(referral, 2)] == ["friend"]
    assert set(Reward.objects.values_list("side", "state")) == {("friend", "reserved")}


def test_both_means_what_is_left(staff):
    referral = flagged()
    buy(referral)
    decide(referral, staff, approve=False, side="referrer")
    assert decide(referral, staff, approve=True)
    assert (referral.review, states()) == ("approved", {"referrer": "void", "friend": "reserved"})
    assert [row[:2] for row in decisions()] == [("referrer", "block"), ("friend", "approve")]


@pytest.mark.parametrize("side", ["both", "referrer", "friend"])
def test_a_decision_that_was_made_before_changes_nothing(staff, side):
    referral = flagged()
    assert decide(referral, staff, approve=True)
    assert not decide(referral, staff, approve=True, side=side)
    assert len(decisions()) == 1


@pytest.mark.parametrize(("first", "side"), [(True, "referrer"), (False, "referrer")])
def test_a_side_is_not_turned_round(staff, first, side):
    referral = flagged()
    decide(referral, staff, approve=first, side=side)
    with pytest.raises(DomainError) as refused:
        decide(referral, staff, approve=not first, side=side)
    assert refused.value.code == "wrong_state"
    assert (Referral.objects.get().review, len(decisions())) == ("flagged", 1)


def test_a_clear_referral_needs_no_decision(staff):
    referral = make_referral(make_program())
    with pytest.raises(DomainError) as refused:
        decide(referral, staff, approve=False)
    assert (refused.value.code, decisions()) == ("wrong_state", [])


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"note": ""}, "required", ("note",)),
        ({"note": "x" * 501}, "too_long", ("note",)),
        ({"side": "nobody"}, "invalid_side", ("side",)),
    ],
)
def test_a_decision_is_complete_or_nothing_is_written(staff, given, code, path):
    referral = flagged()
    buy(referral)
    with pytest.raises(DomainError) as refused:
        decide(referral, staff, approve=False, **given)
    assert (refused.value.code, refused.value.path) == (code, path)
    assert (decisions(), states()) == ([], {"referrer": "pending", "friend": "pending"})


def test_a_flag_that_was_set_by_hand_holds_both_sides_until_they_are_decided(staff):
    referral = make_referral(make_program(rules=RULES))
    set_review(referral=referral, to=Review.FLAGGED, reason="person", actor=staff)
    buy(referral)
    RiskSignal.objects.all().delete()
    assert states() == {"referrer": "pending", "friend": "pending"}
    decide(referral, staff, approve=True, side="friend")
    assert (referral.review, states()) == ("flagged", {"referrer": "pending", "friend": "reserved"})
    decide(referral, staff, approve=False, side="referrer")
    assert (referral.review, states()) == ("approved", {"referrer": "void", "friend": "reserved"})


def many(program, scores):
    link = make_link(program)
    for number, score in enumerate(scores):
        referral = make_referral(program, email=f"f{number}@example.com", link=link)
        set_review(referral=referral, to=Review.FLAGGED, reason="person")
        Referral.objects.filter(pk=referral.pk).update(risk_score=score)


def reviews():
    return list(Referral.objects.order_by("pk").values_list("risk_score", "review"))


def test_many_are_decided_up_to_a_score(staff):
    program = make_program(rules=RULES)
    many(program, [40, 50, 51, 90])
    done = review_by_score(program=program, approve=True, max_score=50, note="Low risk", actor=staff)
    assert done == Reviewed(decided=2, skipped=0, left=0)
    assert reviews() == [(40, "approved"), (50, "approved"), (51, "flagged"), (90, "flagged")]
    assert [row[:4] for row in decisions()] == [("both", "approve", "Low risk", "sam")] * 2


def test_many_are_blocked_from_a_score_on_within_the_limit_and_the_programme(staff):
    program, other = make_program(), make_program(slug="other")
    many(program, [89, 90, 95, 100])
    many(other, [100])
    given = {"program": program, "approve": False, "min_score": 90, "note": "Fraud", "actor": staff}
    assert review_by_score(**given, limit=2) == Reviewed(decided=2, skipped=0, left=1)
    assert [review for _score, review in reviews()] == ["flagged", "blocked", "blocked", "flagged", "flagged"]
    assert review_by_score(**given) == Reviewed(decided=1, skipped=0, left=0)
    assert review_by_score(**given) == Reviewed(decided=0, skipped=0, left=0)


@pytest.mark.parametrize("given", [{}, {"min_score": 60, "max_score": 50}, {"max_score": 101}, {"min_score": -1}])
def test_many_are_decided_with_a_sensible_score_only(staff, given):
    program = make_program()
    many(program, [55])
    with pytest.raises(DomainError) as refused:
        review_by_score(program=program, approve=True, note="x", actor=staff, **given)
    assert (refused.value.code, reviews()) == ("invalid_score", [(55, "flagged")])


def test_who_became_riskier_meanwhile_is_skipped(staff, monkeypatch):
    program = make_program()
    many(program, [10, 10])
    seen = []

    def meanwhile(referral):
        if not seen:
            Referral.objects.filter(pk=referral.pk).update(risk_score=99)
        seen.append(referral.pk)
        referral.refresh_from_db(fields=["review", "risk_score"])

    monkeypatch.setattr("referral_blocks.flows.review_by_score.lock", meanwhile)
    done = review_by_score(program=program, approve=True, max_score=50, note="Low", actor=staff)
    assert (done.decided, done.skipped) == (1, 1)
    assert reviews() == [(99, "flagged"), (10, "approved")]


def test_the_queue_ages_and_escalates_and_the_oldest_flag_is_first():
    program = make_program()
    now = timezone.now().replace(microsecond=0)
    link = make_link(program)
    referrals = [make_referral(program, email=f"f{n}@example.com", link=link) for n in range(3)]
    for referral, hours in zip(referrals, (1, 48, 47), strict=True):
        with time_machine.travel(now - timedelta(hours=hours), tick=False):
            set_review(referral=referral, to=Review.FLAGGED, reason="person")
    with time_machine.travel(now, tick=False):
        queue = [(r.pk, r.waited, r.escalated) for r in review_queue()]
    assert queue == [
        (referrals[1].pk, timedelta(hours=48), True),
        (referrals[2].pk, timedelta(hours=47), False),
        (referrals[0].pk, timedelta(hours=1), False),
    ]
