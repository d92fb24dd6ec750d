"""Money that was paid for a sale which came back: the ledger keeps what a person owes, and the next payout that can be
divided is netted with it."""

from __future__ import annotations

from collections.abc import Sequence

from referral_blocks.core.money import Money
from referral_blocks.fraud.selectors import side_states
from referral_blocks.fraud.sides import SideStates
from referral_blocks.ledger.models import Account
from referral_blocks.ledger.selectors import balance_of
from referral_blocks.ledger.services import post_transfer
from referral_blocks.payouts.limits import give_room_back
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.services import release_items, rewards_in
from referral_blocks.people.models import Person
from referral_blocks.referrals.models import Stage
from referral_blocks.rewards.models import Reason, Reward, RewardState
from referral_blocks.rewards.services import add_reason

from .step_reward import await_again, move_reward, resize_reward, take_back
from .tell_owner import tell_details_needed

LEFT = (Stage.UNQUALIFIED, Stage.WITHDRAWN)  # before they bought: what was promised for them is cancelled
REVERSED = "reversal:"  # how the reason begins when the reversal of a sale cancels a reward


def post_change(*, reward: Reward, key: str, kind: str, minor: int, debit: str, credit: str) -> None:
    """Post ``minor`` from ``credit`` to ``debit``, or the other way round when it is below zero; nothing at zero."""
    if not minor:
        return
    post_transfer(
        key=key,
        kind=kind,
        program_id=reward.program_id,
        person_id=reward.person_id,
        amount=Money(abs(minor), reward.currency),
        debit=debit if minor > 0 else credit,
        credit=credit if minor > 0 else debit,
    )


def taken_back(reward: Reward) -> int:
    """What was taken back of a reward since it was claimed by a payout, as the ledger says. Below zero: a dispute was
    won after the reward had been claimed smaller."""
    return balance_of(
        program_id=reward.program_id,
        person_id=reward.person_id,
        account=Account.CLAWBACK,
        currency=reward.currency,
        key_prefix=clawed_key(reward, ""),
    )


def clawed_key(reward: Reward, what: object) -> str:
    return f"reward:{reward.pk}:clawed:{what}"


def netted_from(rewards: Sequence[Reward]) -> int:
    """How much of the payout of these rewards – one person's, in one currency – is kept back for what its owner owes;
    below zero when the owner is owed.

    The person's row stays locked until the transaction ends, so that two payouts at once never net the same debt.
    """
    first = rewards[0]
    if not (is_registered(first.method) and payout_provider(first.method).capabilities.divisible and _owed(first)):
        return 0
    Person.objects.select_for_update(no_key=True).get(pk=first.person_id)
    return min(_owed(first), sum(reward.amount_minor for reward in rewards))


def _owed(reward: Reward) -> int:
    return balance_of(
        program_id=reward.program_id,
        person_id=reward.person_id,
        account=Account.CLAWBACK,
        currency=reward.currency,
    )


def post_netting(*, payout: Payout, reward: Reward, netted_minor: int, step: str = "netted") -> None:
    """Clear what is netted: it is no longer payable, and no longer owed."""
    post_change(
        reward=reward,
        key=f"payout:{payout.pk}:{step}",
        kind=f"payout_{step}",
        minor=netted_minor,
        debit=Account.PAYABLE,
        credit=Account.CLAWBACK,
    )


def return_rewards(*, payout: Payout, until: Reason = Reason.PROVIDER_ERROR) -> None:
    """The rewards of a payout that failed for good wait until staff have looked, or (“payout_details”) their owner has
    said where to send them; worth what their sales are worth by now. One that came under review meanwhile waits for
    that, too. What the payout had netted is owed again."""
    give_room_back(payout=payout)
    for reward in free_rewards(payout=payout, reason="payout_failed"):
        sides = _sides(reward)
        if reward.side in sides.blocked:
            _drop(reward, payout)
            continue
        _await_again(reward, payout, until, "payout_failed")
        if reward.side in sides.open:
            add_reason(reward=reward, reason=Reason.REVIEW, cause="payout_failed")
        if until == Reason.PAYOUT_DETAILS:
            tell_details_needed(reward=reward)


def look_again(*, payout: Payout, rewards: Sequence[Reward]) -> None:
    """What became of the friends of these rewards while a try of the payout was under way holds for them, now that they
    are free: of who is blocked or has left they are cancelled, of who is under review they wait for it, the rest stays
    approved."""
    for reward in rewards:
        sides = _sides(reward)
        if reward.side in sides.blocked or _has_left(reward):
            _drop(reward, payout)
        elif reward.side in sides.open:
            _await_again(reward, payout, Reason.REVIEW, "payout_failed")


def is_in_doubt(*, reward: Reward) -> bool:
    """Whether it would not be paid any more, or not now, were it not on its way: its side is blocked or under review,
    or its friend has left before they bought."""
    sides = _sides(reward)
    return reward.side in sides.blocked or reward.side in sides.open or _has_left(reward)


def _has_left(reward: Reward) -> bool:
    return reward.referral is not None and reward.referral.stage in LEFT


def _sides(reward: Reward) -> SideStates:
    return SideStates() if reward.referral is None else side_states(referral=reward.referral)


def _await_again(reward: Reward, payout: Payout, until: Reason, cause: str) -> None:
    post_change(
        reward=reward,
        key=f"payout:{payout.pk}:waits:{reward.pk}",
        kind="reward_waits",
        minor=reward.amount_minor,
        debit=Account.PAYABLE,
        credit=Account.PENDING,
    )
    await_again(reward=reward, reason=until, cause=cause)


def free_rewards(*, payout: Payout, reason: str) -> list[Reward]:
    """The rewards of a payout that will not be made are approved again and claimed by none; returned without those that
    are worth nothing any more. The caller holds the payout's lock."""
    rewards = rewards_in(payout=payout)
    if rewards:
        netted = sum(reward.amount_minor for reward in rewards) - payout.amount_minor
        post_netting(payout=payout, reward=rewards[0], netted_minor=-netted, step="unnetted")
    for reward in rewards:
        move_reward(reward=reward, to=RewardState.APPROVED, reason=reason)
        _shrink_instead(reward, payout)
    release_items(payout=payout)
    return [reward for reward in rewards if reward.state == RewardState.APPROVED]


def _drop(reward: Reward, payout: Payout) -> None:
    """Its side was blocked, or its friend left, while the payout was on its way."""
    why = reward.referral.stage if reward.referral is not None and _has_left(reward) else "blocked"
    post_change(
        reward=reward,
        key=f"payout:{payout.pk}:dropped:{reward.pk}",
        kind="reward_void",
        minor=reward.amount_minor,
        debit=Account.PAYABLE,
        credit=Account.EXPENSE,
    )
    move_reward(reward=reward, to=RewardState.VOID, reason=why)


def _shrink_instead(reward: Reward, payout: Payout) -> None:
    """It was not paid after all: what was taken back of it makes it smaller, what was owed beyond it larger."""
    taken = taken_back(reward)
    if not taken:
        return
    why = f"payout:{payout.pk}"
    take_back(reward=reward, clawed_minor=0, reason=why)
    left = reward.amount_minor - taken
    if left:
        # What was owed beyond the reward took its room of the limits when the dispute was won.
        taken = -resize_reward(reward=reward, amount_minor=left, reason=why, has_room=taken < 0)
    post_change(
        reward=reward,
        key=clawed_key(reward, f"payout:{payout.pk}"),
        kind="clawback_returned",
        minor=taken,
        debit=Account.PAYABLE,
        credit=Account.CLAWBACK,
    )
    if not left:
        # The same words as for one that the reversal itself cancelled: a won dispute brings it back.
        move_reward(reward=reward, to=RewardState.VOID, reason=f"{REVERSED}payout:{payout.pk}")
