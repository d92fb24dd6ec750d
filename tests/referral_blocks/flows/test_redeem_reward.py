"""What was received is used: noted once, and still taken back when its sale goes back."""

import pytest

from referral_blocks.analytics.standing import standing_of
from referral_blocks.core.errors import InvalidInput, NotPossibleNow
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.import_coupons import import_coupons
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.redeem_reward import redeem_reward
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.rewards.models import CouponList, Reward, RewardChange, RewardRule
from referral_blocks.rewards.selectors import coupon_of
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db
AT_ONCE = {"side": "referrer", "hold_days": 0, "approval": "automatic", "amount_minor": 1000}
HAMPER = {**AT_ONCE, "title": "Hamper"}
COUPON = {**AT_ONCE, "title": "£10 off", "method": "coupon"}
POINTS = {**AT_ONCE, "title": "Points", "currency": "PTS", "method": "points"}


@pytest.fixture
def staff(django_user_model):
    return django_user_model.objects.create_user("staff")


def earned(rule, staff, *, issued=True) -> Reward:
    program = make_program(rules=())
    coupons = CouponList.objects.create(program=program, name="Summer")
    import_coupons(coupon_list=coupons, text="A1")
    RewardRule.objects.create(program=program, coupon_list=coupons if rule is COUPON else None, **rule)
    referral = make_referral(program)
    sale = {"source": "api", "external_id": "1", "friend_email": referral.friend.email}
    (reward,) = record_sale(program=program, amount="10", currency="GBP", **sale).rewards
    if issued:
        send_payout(payout_id=Payout.objects.get().pk)
        for handover in Handover.objects.all():
            mark_handed_over(handover=handover, actor=staff)
    reward.refresh_from_db()
    return reward


def steps(reward):
    return list(reward.changes.filter(to_state="redeemed").values_list("from_state", "reason", "note", "actor"))


@pytest.mark.parametrize("rule", [HAMPER, COUPON])
def test_a_coupon_or_custom_reward_is_used_once(staff, rule):
    reward = earned(rule, staff)
    assert reward.state == "issued"
    assert redeem_reward(reward=reward, note="At the counter", actor=staff)
    assert not redeem_reward(reward=reward, note="Again", actor=staff)
    assert (reward.state, steps(reward)) == ("redeemed", [("issued", "used", "At the counter", staff.pk)])
    assert coupon_of(reward=reward) == ("A1" if rule is COUPON else None)
    assert standing_of(referrer=reward.referrer).earned.amount_minor == 1000
    assert check_ledger() == []


@pytest.mark.parametrize("rule", [HAMPER, COUPON])
def test_what_was_used_is_still_taken_back_and_cannot_be_used_then(staff, rule):
    reward = earned(rule, staff)
    redeem_reward(reward=reward, actor=staff)
    reverse_sale(program=reward.program, source="api", external_id="1", reversal_id="r", kind="refund")
    reward.refresh_from_db()
    assert (reward.state, standing_of(referrer=reward.referrer).earned.amount_minor) == ("clawed_back", 0)
    with pytest.raises(NotPossibleNow) as refused:
        redeem_reward(reward=reward, actor=staff)
    assert (refused.value.code, len(steps(reward)), check_ledger()) == ("wrong_state", 1, [])


@pytest.mark.parametrize("rule", [HAMPER, COUPON])
@pytest.mark.parametrize("used", [True, False])
def test_a_won_dispute_brings_back_what_was_there_and_what_was_used_is_not_used_again(staff, rule, used):
    reward = earned(rule, staff)
    if used:
        redeem_reward(reward=reward, actor=staff)
    for kind in ("dispute", "dispute_won"):
        reverse_sale(program=reward.program, source="api", external_id="1", reversal_id="d", kind=kind)
    reward.refresh_from_db()
    assert reward.state == ("redeemed" if used else "issued")
    assert redeem_reward(reward=reward, actor=staff) is not used
    assert len(steps(reward)) == 1 + used
    assert (standing_of(referrer=reward.referrer).earned.amount_minor, check_ledger()) == (1000, [])


@pytest.mark.parametrize(("rule", "issued"), [(HAMPER, False), (COUPON, False), (POINTS, True), (POINTS, False)])
def test_what_was_not_received_and_what_is_no_thing_cannot_be_used(staff, rule, issued):
    reward = earned(rule, staff, issued=issued)
    before, changes = reward.state, RewardChange.objects.count()
    with pytest.raises(NotPossibleNow) as refused:
        redeem_reward(reward=reward, actor=staff)
    assert (refused.value.code, RewardChange.objects.count()) == ("wrong_state", changes)
    assert Reward.objects.get().state == before


def test_a_note_that_cannot_be_kept_changes_nothing(staff):
    reward = earned(HAMPER, staff)
    with pytest.raises(InvalidInput) as refused:
        redeem_reward(reward=reward, note="x" * 501, actor=staff)
    assert (refused.value.code, refused.value.path) == ("too_long", ("note",))
    assert Reward.objects.get().state == "issued"
