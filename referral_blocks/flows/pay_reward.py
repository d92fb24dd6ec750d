"""A reward that waits for nothing more is approved, claimed by a payout and queued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from referral_blocks.activity.kinds import Kind
from referral_blocks.core import queue
from referral_blocks.core.money import Money
from referral_blocks.ledger.models import Account
from referral_blocks.ledger.services import post_transfer
from referral_blocks.payouts.limits import is_above_cap, policy_of
from referral_blocks.payouts.models import Payout, PayoutState
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.selectors import needs_details
from referral_blocks.payouts.services import confirm_payout, create_payout, move_payout
from referral_blocks.programs.models import PayoutMode
from referral_blocks.rewards.models import Reason, Reward, RewardState
from referral_blocks.rewards.services import add_reason

from .announce_payout import announce_payout
from .clawback import netted_from, post_netting
from .send_payout import settle_payout
from .step_reward import approve_if_clear, move_reward
from .tell_owner import tell_details_needed, tell_to_claim

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from referral_blocks.payouts.run import PayoutRun

SEND_TASK = "referral_blocks.flows.tasks.send_payout"


def approve_and_pay_if_clear(*, reward: Reward, actor: User | None = None) -> bool:
    """Approve the reward if its last reason is gone and, unless it goes out with a run or when it is claimed, queue its
    payout, all in one transaction; False otherwise."""
    with transaction.atomic():
        missing = reward.state == RewardState.PENDING and needs_details(
            person_id=reward.person_id, provider=reward.method
        )
        if missing and add_reason(reward=reward, reason=Reason.PAYOUT_DETAILS, cause="no_account"):
            tell_details_needed(reward=reward)
        if not approve_if_clear(reward=reward, actor=actor):
            return False
        post_transfer(
            key=_approval_key(reward),
            kind="reward_approved",
            program_id=reward.program_id,
            person_id=reward.person_id,
            amount=reward.amount,
            debit=Account.PENDING,
            credit=Account.PAYABLE,
        )
        if goes_out_at_once(reward=reward):
            release_payout(payout=draft_payout(rewards=[reward], actor=actor), actor=actor)
            reward.refresh_from_db(fields=["state", "issued_at"])
        elif waits_for_claim(reward=reward):
            tell_to_claim(reward=reward)
    return True


def goes_out_at_once(*, reward: Reward) -> bool:
    """Whether the approved reward needs no further word: not where the programme pays in runs, where its owner has to
    claim it, where the amount asks for a second person, or is above what may be sent in a day at all."""
    if not is_registered(reward.method) or payout_provider(reward.method).capabilities.in_house:
        return True
    if reward.program.payout_mode == PayoutMode.RUNS or waits_for_claim(reward=reward):
        return False
    return not (
        needs_second_person(program_id=reward.program_id, amount=reward.amount)
        or is_above_cap(program_id=reward.program_id, amount=reward.amount)
    )


def waits_for_claim(*, reward: Reward) -> bool:
    """Whether its owner has to ask for it before it is paid: an option of its rule. Once they have, it says so."""
    return bool(reward.method_options.get("order_at") == "claim")


def needs_second_person(*, program_id: int, amount: Money) -> bool:
    """Whether one person's word is not enough for this amount."""
    limit = policy_of(program_id=program_id, currency=amount.currency).second_person_minor
    return limit is not None and amount.amount_minor > limit


def draft_payout(*, rewards: Sequence[Reward], actor: User | None = None, run: PayoutRun | None = None) -> Payout:
    """A payout that claims approved rewards of one person, programme, method and currency, less what their owner owes.
    In the caller's transaction, which holds the rewards' locks."""
    netted = netted_from(rewards)
    payout = create_payout(rewards=rewards, netted_minor=netted, run=run)
    post_netting(payout=payout, reward=rewards[0], netted_minor=netted)
    for reward in rewards:
        move_reward(reward=reward, to=RewardState.RESERVED, reason=f"payout:{payout.pk}", actor=actor)
    return payout


def release_payout(*, payout: Payout, actor: User | None) -> None:
    """Confirm a draft and queue its sending; one that was netted to nothing is settled at once. In the caller's
    transaction."""
    confirm_payout(payout=payout, actor=actor)
    announce_payout(Kind.PAYOUT_CONFIRMED, payout)
    if payout.amount_minor:
        queue.enqueue(SEND_TASK, payout.pk)
    else:
        move_payout(payout=payout, to=PayoutState.SENDING, reason="netted")
        settle_payout(payout=payout)


def _approval_key(reward: Reward) -> str:
    """One entry an approval: a reward that a won dispute brought back is approved once more."""
    times = reward.changes.filter(field="state", to_state=RewardState.APPROVED, reason="clear").count()
    return f"reward:{reward.pk}:approved" + (f":{times}" if times > 1 else "")
