"""A reward is worth more or less than it was while nobody has begun to send its payout: reward and payout change
together, so that what goes out is what is owed."""

from __future__ import annotations

from referral_blocks.activity.kinds import Kind
from referral_blocks.ledger.models import Account
from referral_blocks.payouts.attempts import call_off, live_attempt
from referral_blocks.payouts.limits import give_room_back
from referral_blocks.payouts.models import Payout, PayoutItem, PayoutState
from referral_blocks.rewards.models import Reward, RewardState
from referral_blocks.sales.models import SaleReversal

from .announce_payout import announce_payout
from .clawback import REVERSED, post_change
from .step_reward import move_reward, resize_reward

UNSENT = (PayoutState.DRAFT, PayoutState.CONFIRMED, PayoutState.FAILED_RETRYABLE)


def lock_unsent_of(*, reward: Reward) -> Payout | None:
    """The payout that has claimed the reward, locked, if nothing of it is or may be on its way: a draft, one that waits
    for its turn, or one whose next try would be under a new key. None where it is past that. The caller holds the
    reward's lock, so that nobody confirms a draft meanwhile; a task that claims the payout waits for its lock."""
    claims = PayoutItem.objects.filter(reward=reward, released=False)
    payout = Payout.objects.select_for_update(of=("self",)).filter(pk__in=claims.values("payout_id")).first()
    if payout is None or payout.state not in UNSENT or live_attempt(payout=payout) is not None:
        return None
    return payout


def resize_unsent(*, reward: Reward, payout: Payout, amount_minor: int, reversal: SaleReversal) -> bool:
    """Set what the reward is worth; at nothing it is cancelled and leaves the payout, and a payout without rewards is
    cancelled, too. False when nothing changes."""
    change = amount_minor - reward.amount_minor
    if not change:
        return False
    why = f"{REVERSED}{reversal.pk}"
    if amount_minor:
        change = resize_reward(reward=reward, amount_minor=amount_minor, reason=why)
        _post(reward, change, reversal)
    else:
        _post(reward, change, reversal)
        move_reward(reward=reward, to=RewardState.APPROVED, reason=f"payout:{payout.pk}")
        move_reward(reward=reward, to=RewardState.VOID, reason=why)
        PayoutItem.objects.filter(payout=payout, reward=reward).update(released=True)
    if change:
        _fit(payout, reward, change, reversal)
    return bool(change)


def _fit(payout: Payout, reward: Reward, change: int, reversal: SaleReversal) -> None:
    """The payout's amount follows; what it can no longer net is owed again."""
    left = Reward.objects.filter(payout_items__payout=payout, payout_items__released=False)
    gross = sum(left.values_list("amount_minor", flat=True))
    netted = gross - change - payout.amount_minor
    still = min(netted, gross) if gross else 0
    post_change(
        reward=reward,
        key=f"payout:{payout.pk}:unnetted:{reversal.pk}:{reward.pk}",
        kind="payout_unnetted",
        minor=still - netted,
        debit=Account.PAYABLE,
        credit=Account.CLAWBACK,
    )
    give_room_back(payout=payout)  # by the amount that was counted; the next try counts anew
    payout.amount_minor = gross - still
    payout.save(update_fields=["amount_minor"])
    if not gross:
        call_off(payout=payout, reason=f"{REVERSED}{reversal.pk}")
        announce_payout(Kind.PAYOUT_CANCELLED, payout)


def _post(reward: Reward, change: int, reversal: SaleReversal) -> None:
    post_change(
        reward=reward,
        key=f"reward:{reward.pk}:reversal:{reversal.pk}",
        kind="reward_resized",
        minor=change,
        debit=Account.EXPENSE,
        credit=Account.PAYABLE,
    )
