"""What is left of a sale decides what its rewards are worth: smaller before they are claimed by a payout, taken back
after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from referral_blocks.ledger.models import Account
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.limits import give_back, grow
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.milestones import is_taken
from referral_blocks.rewards.models import Approval, PendingReason, Reason, Reward, RewardState
from referral_blocks.rewards.services import has_had_enough
from referral_blocks.sales.models import Sale, SaleReversal

from .clawback import REVERSED, clawed_key, post_change, taken_back
from .earn_rewards import blocked_sides, flagged_sides
from .pay_reward import approve_and_pay_if_clear
from .release_waiting import release_later
from .resize_unsent import lock_unsent_of, resize_unsent
from .step_reward import move_reward, resize_reward, take_back

S = RewardState


def adjust_rewards(
    *, sale: Sale, referral: Referral, reversal: SaleReversal, groups: Mapping[int, bool] | None = None
) -> list[Reward]:
    """Bring the sale's rewards in line with what is left of it; returns those that changed, in the order of locking.

    What is done follows from the sale's net reversal and from what was done before, so doing it again changes nothing.
    ``groups`` are rewards of the friend's group deals, by id: whether the group stands, and they with it.
    The caller holds the locks of the referral and of the referrer's standing.
    """
    groups = groups or {}
    own = Reward.objects.filter(sale=sale).values_list("pk", flat=True)
    changed = []
    for reward in lock_rewards(ids={*own, *groups}):
        if (stands := groups.get(reward.pk)) is None:
            target = share_left(
                promised_minor=reward.promised_minor, amount_minor=sale.amount_minor, reversed_minor=sale.reversed_minor
            )
        else:
            target = reward.promised_minor if stands else 0
        # A group's reward may hang on another member than the one whose sale this is.
        if _adjust(reward, target, reward.referral or referral, reversal):
            changed.append(reward)
    if changed:
        release_later(program_id=sale.program_id)
    return changed


def share_left(*, promised_minor: int, amount_minor: int, reversed_minor: int) -> int:
    """The promise times the part of the sale that is left, rounded half up."""
    return (2 * promised_minor * (amount_minor - reversed_minor) + amount_minor) // (2 * amount_minor)


def _adjust(reward: Reward, target: int, referral: Referral, reversal: SaleReversal) -> bool:
    if reward.state in (S.PENDING, S.APPROVED):
        return _resize(reward, target, reversal)
    if reward.state == S.RESERVED and (payout := lock_unsent_of(reward=reward)):
        return resize_unsent(reward=reward, payout=payout, amount_minor=target, reversal=reversal)
    if reward.state == S.VOID:
        return target > 0 and _revive(reward, target, referral, reversal)
    return reward.state != S.EXPIRED and _claw(reward, target, reversal)


def _resize(reward: Reward, target: int, reversal: SaleReversal) -> bool:
    change = target - reward.amount_minor
    if not change:
        return False
    why = f"{REVERSED}{reversal.pk}"
    if target:
        # An approved reward grows only where the limits have room.
        change = resize_reward(reward=reward, amount_minor=target, reason=why)
        _post_before(reward, change, reversal)
    else:
        _post_before(reward, change, reversal)
        move_reward(reward=reward, to=S.VOID, reason=why)
    return bool(change)


def _revive(reward: Reward, target: int, referral: Referral, reversal: SaleReversal) -> bool:
    """What a reversal cancelled waits again; what anything else cancelled stays so."""
    last = reward.changes.filter(field="state").order_by("-pk").first()
    if last is None or not last.reason.startswith(REVERSED) or reward.side in blocked_sides(referral):
        return False
    if has_had_enough(rule=reward.rule, person=reward.person) or is_taken(reward=reward):
        return False  # another took its place meanwhile
    why = f"{REVERSED}{reversal.pk}"
    for reason, until in _reasons(reward, referral):
        PendingReason.objects.get_or_create(reward=reward, reason=reason, defaults={"until": until})
    # First small, then grown: growing asks the limits for all of it, and notes the change.
    move_reward(reward=reward, to=S.PENDING, reason=why)
    resize_reward(reward=reward, amount_minor=target, reason=why)
    _post_before(reward, target, reversal)
    approve_and_pay_if_clear(reward=reward)
    return True


def _reasons(reward: Reward, referral: Referral) -> list[tuple[str, datetime | None]]:
    found: list[tuple[str, datetime | None]] = []
    over = reward.created_at + timedelta(days=reward.rule.hold_days)
    if over > timezone.now():
        found.append((Reason.HOLD, over))
    if reward.rule.approval == Approval.PERSON:
        found.append((Reason.APPROVAL, None))
    if reward.side in flagged_sides(referral):
        found.append((Reason.REVIEW, None))
    return found


def _claw(reward: Reward, target: int, reversal: SaleReversal) -> bool:
    wanted, taken = reward.amount_minor - target, taken_back(reward)
    change = max(wanted, 0) - _owe_beyond(reward, owed=max(-taken, 0), wanted=max(-wanted, 0)) - taken
    if not change:
        return False
    take_back(reward=reward, clawed_minor=max(wanted, 0), reason=f"{REVERSED}{reversal.pk}")
    post_change(
        reward=reward,
        key=clawed_key(reward, reversal.pk),
        kind="reward_clawed",
        minor=change,
        debit=Account.CLAWBACK,
        credit=Account.EXPENSE,
    )
    return True


def _owe_beyond(reward: Reward, *, owed: int, wanted: int) -> int:
    """How much its owner is owed beyond a reward that was claimed too small: ``wanted``, or still ``owed`` when the
    limits have no room for all of it."""
    if wanted < owed:
        give_back(reward=reward, amount_minor=owed - wanted)
    elif wanted > owed and not grow(reward=reward, amount_minor=wanted - owed):
        return owed
    return wanted


def _post_before(reward: Reward, change: int, reversal: SaleReversal) -> None:
    post_change(
        reward=reward,
        key=f"reward:{reward.pk}:reversal:{reversal.pk}",
        kind="reward_resized",
        minor=change,
        debit=Account.EXPENSE,
        credit=Account.PENDING if reward.state == S.PENDING else Account.PAYABLE,
    )
