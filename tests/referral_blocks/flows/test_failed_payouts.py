"""A payout fails for good: its reward is seen by staff, who have it sent again."""

import pytest
from django.contrib.auth import get_user_model

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.ledger.selectors import balances
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.payouts.providers.points import PointsProvider
from referral_blocks.referrals.services import set_review
from referral_blocks.referrers.models import ReferrerStanding
from referral_blocks.rewards.limits import spent
from referral_blocks.rewards.models import Reward
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db
GIFT = {"side": "referrer", "title": "£20 gift", "amount_minor": 2000, "hold_days": 0, "approval": "automatic"}


@pytest.fixture
def staff():
    return get_user_model().objects.create_user("staff")


def earn(**rule):
    referral = make_referral(make_program(rules=({**GIFT, **rule},)))
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com"}
    return record_sale(program=referral.program, amount="100", currency="GBP", **sale).rewards[0]


def fails(monkeypatch):
    real = ManualProvider.send
    monkeypatch.setattr(ManualProvider, "send", lambda self, request: PayoutResult(Outcome.FAILED_FINAL))
    assert send_payout(payout_id=Payout.objects.get().pk) == "failed_final"
    monkeypatch.setattr(ManualProvider, "send", real)


def now(reward):
    reward.refresh_from_db()
    return reward.state, list(reward.pending_reasons.values_list("reason", flat=True))


def books(reward):
    return {account: minor for (account, _c), minor in balances(program_id=reward.program_id).items() if minor}


def test_a_proven_failure_brings_the_reward_back_to_the_staffs_desk(monkeypatch):
    reward = earn()
    fails(monkeypatch)
    assert (Payout.objects.get().state, now(reward)) == ("failed_final", ("pending", ["provider_error"]))
    assert (books(reward), check_ledger()) == ({"reward_expense": 2000, "rewards_pending": -2000}, [])
    assert (ReferrerStanding.objects.get().pending_minor, spent(program_id=reward.program_id)) == (2000, 2000)


def test_staff_send_it_again_with_a_new_payout_once(monkeypatch, staff):
    reward = earn()
    fails(monkeypatch)
    assert [approve_reward(reward=reward, actor=staff) for _ in range(2)] == [True, False]
    assert list(Payout.objects.order_by("pk").values_list("state", "confirmed_by")) == [
        ("failed_final", None),
        ("confirmed", staff.pk),
    ]
    assert (now(reward), check_ledger()) == (("reserved", []), [])
    assert send_payout(payout_id=Payout.objects.get(state="confirmed").pk) == "accepted"
    assert (books(reward), check_ledger()) == ({"reward_expense": 2000, "in_transit": -2000}, [])


def test_a_side_that_is_blocked_while_its_payout_is_on_its_way_gets_nothing_when_that_fails(monkeypatch, staff):
    reward = earn()

    def block_meanwhile(self, request):
        set_review(referral=reward.referral, to="flagged", reason="test")
        review_referral(referral=reward.referral, approve=False, note="Same person", actor=staff)
        return PayoutResult(Outcome.FAILED_FINAL)

    monkeypatch.setattr(ManualProvider, "send", block_meanwhile)
    assert send_payout(payout_id=Payout.objects.get().pk) == "failed_final"
    assert (now(reward), books(reward), check_ledger()) == (("void", []), {}, [])
    with pytest.raises(DomainError):
        approve_reward(reward=reward, actor=staff)


def test_a_block_cancels_a_payout_that_nobody_has_begun_to_send(staff):
    reward = earn()
    set_review(referral=reward.referral, to="flagged", reason="test")
    assert review_referral(referral=reward.referral, approve=False, note="Same person", actor=staff)
    payout = Payout.objects.get()
    assert (payout.state, payout.next_try_at, now(reward)) == ("cancelled", None, ("void", []))
    assert list(payout.changes.values_list("from_state", "to_state", "reason", "note"))[-1] == (
        "confirmed", "cancelled", "blocked", "Same person",
    )  # fmt: skip
    assert send_payout(payout_id=payout.pk) is None
    assert (books(reward), check_ledger(), spent(program_id=reward.program_id)) == ({}, [], 0)
    assert (ReferrerStanding.objects.get().pending_minor, payout.items.get().released) == (0, True)


def test_a_block_leaves_a_payout_that_is_on_its_way_alone(staff):
    reward = earn()
    send_payout(payout_id=Payout.objects.get().pk)
    set_review(referral=reward.referral, to="flagged", reason="test")
    assert review_referral(referral=reward.referral, approve=False, note="Same person", actor=staff)
    assert (Payout.objects.get().state, now(reward), check_ledger()) == ("sent", ("reserved", []), [])


def test_points_are_never_paid_in_another_currency():
    reward = earn(method="points")
    assert reward.currency == "GBP"
    assert send_payout(payout_id=Payout.objects.get().pk) == "failed_final"
    assert now(Reward.objects.get()) == ("pending", ["provider_error"])
    assert PointsProvider.capabilities.divisible
