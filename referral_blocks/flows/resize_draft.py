"""A reward is worth more or less than it was while its payout is still a draft: reward and payout change together, so
that what a person confirms is what is owed."""

from __future__ import annotations

from referral_blocks.ledger.models import Account
from referral_blocks.payouts.models import Payout, PayoutItem, PayoutState
from referral_blocks.payouts.services import cancel
from referral_blocks.rewards.models import Reward, RewardState
from referral_blocks.rewards.services import move_reward, resize_reward
from referral_blocks.sales.models import SaleReversal

from .clawback import REVERSED, post_change


def lock_draft_of(*, reward: Reward) -> Payout | None:
    """The draft that has claimed the reward, locked; None where its payout is past that. The caller holds the reward's
    lock, so that nobody confirms the draft meanwhile."""
    claims = PayoutItem.objects.filter(reward=reward, released=False)
    drafts = Payout.objects.select_for_update(of=("self",)).filter(pk__in=claims.values("payout_id"))
    return drafts.filter(state=PayoutState.DRAFT).first()


def resize_in_draft(*, reward: Reward, payout: Payout, amount_minor: int, reversal: SaleReversal) -> bool:
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
    payout.amount_minor = gross - still
    payout.save(update_fields=["amount_minor"])
    if not gross:
        cancel(payout=payout, reason=f"{REVERSED}{reversal.pk}")


def _post(reward: Reward, change: int, reversal: SaleReversal) -> None:
    post_change(
        reward=reward,
        key=f"reward:{reward.pk}:reversal:{reversal.pk}",
        kind="reward_resized",
        minor=change,
        debit=Account.EXPENSE,
        credit=Account.PAYABLE,
    )
