"""Staff hand over what its owner is still to have, and nothing else."""

import pytest
from django.contrib.auth import get_user_model

from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.resolve_payout import resolve_payout
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.ledger.models import LedgerEntry
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import Reward
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db
GIFT = {"side": "referrer", "title": "£20 gift", "amount_minor": 2000, "hold_days": 0, "approval": "automatic"}
REFUNDED = "Do not hand it over: the purchase was refunded in full, so the reward is taken back."
NOT_PAID = "Do not hand it over: it was settled as not paid. What is still owed comes back once approved."
BLOCKED = "Do not hand it over: this side of the referral was blocked."


@pytest.fixture
def staff():
    return get_user_model().objects.create_user("staff")


@pytest.fixture
def handover():
    return on_the_list()


def on_the_list():
    program = make_referral(make_program(rules=(GIFT,))).program
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com"}
    record_sale(program=program, amount="100", currency="GBP", **sale)
    send_payout(payout_id=Payout.objects.get().pk)
    return Handover.objects.get()


def refund(handover, amount=None):
    reverse_sale(
        program=handover.payout.program, source="api", external_id="1", reversal_id="r-1", kind="refund", amount=amount
    )


def block(staff, side="both"):
    referral = Referral.objects.get()
    set_review(referral=referral, to="flagged", reason="test")
    review_referral(referral=referral, approve=False, note="Same person", actor=staff, side=side)


def refused(handover, staff):
    entries = LedgerEntry.objects.count()
    with pytest.raises(NotPossibleNow) as refusal:
        mark_handed_over(handover=handover, actor=staff, note="At the door")
    handover = Handover.objects.get()
    assert (handover.handed_over_at, handover.handed_over_by, handover.note) == (None, None, "")
    assert (Payout.objects.get().state, Reward.objects.get().state) == ("sent", "reserved")
    assert (LedgerEntry.objects.count(), check_ledger()) == (entries, [])
    return str(refusal.value)


def test_what_was_refunded_in_full_is_not_handed_over(handover, staff):
    refund(handover)
    assert refused(handover, staff) == REFUNDED


def test_what_was_refunded_in_part_is_handed_over(handover, staff):
    refund(handover, "25")
    assert mark_handed_over(handover=handover, actor=staff)
    assert (Reward.objects.get().state, check_ledger()) == ("issued", [])


@pytest.mark.parametrize("side", ["both", "referrer"])
def test_a_blocked_side_is_handed_nothing(handover, staff, side):
    block(staff, side)
    assert refused(handover, staff) == BLOCKED


def test_the_other_sides_block_changes_nothing(handover, staff):
    block(staff, "friend")
    assert mark_handed_over(handover=handover, actor=staff)


def test_what_is_refunded_after_the_handover_was_handed_over_before(handover, staff):
    mark_handed_over(handover=handover, actor=staff)
    refund(handover)
    assert not mark_handed_over(handover=handover, actor=staff)


def test_what_was_settled_as_not_paid_is_handed_over_once_under_its_new_payout(staff, monkeypatch):
    """The answer that it was on the list got lost, and a person took it for not there."""
    real = ManualProvider.send

    def lost(self, request):
        real(self, request)
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(ManualProvider, "send", lost)
        first = on_the_list()
    assert resolve_payout(payout=first.payout, paid=False, note="Not on the list", actor=staff)
    assert approve_reward(reward=Reward.objects.get(), actor=staff)
    assert send_payout(payout_id=Payout.objects.latest("pk").pk) == "accepted"
    entries = LedgerEntry.objects.count()
    with pytest.raises(NotPossibleNow) as refusal:
        mark_handed_over(handover=first, actor=staff)
    first.refresh_from_db()
    assert (str(refusal.value), first.handed_over_at, LedgerEntry.objects.count()) == (NOT_PAID, None, entries)
    assert mark_handed_over(handover=Handover.objects.latest("pk"), actor=staff)
    states = list(Payout.objects.order_by("pk").values_list("state", flat=True))
    assert (states, Reward.objects.get().state, check_ledger()) == (["failed_final", "paid"], "issued", [])
