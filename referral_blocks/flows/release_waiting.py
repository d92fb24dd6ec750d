"""Rewards that wait for a budget, a cap or stock are tried again, oldest first, when there may be room."""

from __future__ import annotations

from django.db import transaction

from referral_blocks.core import queue
from referral_blocks.programs.models import Program
from referral_blocks.rewards.limits import skip_turn
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.selectors import program_ids_waiting, waiting_with_room

from .each import for_each
from .pay_reward import approve_and_pay_if_clear
from .step_reward import retry_limits

RELEASE_TASK = "referral_blocks.flows.tasks.release_waiting"
BATCH = 100


def release_waiting(*, program: Program) -> int:
    """Let in every waiting reward that its limits now have room for; pays those that wait for nothing more.

    Call it outside a transaction, after a budget, a cap or a stock was raised: each reward has a transaction of its
    own. Returns how many were let in. Late or twice, the result is the same.
    """
    total = 0
    while True:
        let_in = sum(for_each(waiting_with_room(program_id=program.pk, limit=BATCH), _try))
        total += let_in
        if not let_in:
            return total


def release_all_waiting() -> int:
    """The same for every programme in which somebody waits; how a new period's cap is noticed."""
    return sum(for_each(Program.objects.filter(pk__in=program_ids_waiting()), _release))


def _release(program: Program) -> int:
    return release_waiting(program=program)


def release_later(*, program_id: int) -> None:
    """Queue it for when the caller's transaction, which gives something back, is committed; nothing if nobody waits."""
    if program_id in program_ids_waiting(program_id=program_id):
        queue.enqueue(RELEASE_TASK, program_id)


def _try(pk: int) -> bool:
    """One reward in a transaction of its own; one that fails lets the others go first for a while."""
    try:
        with transaction.atomic():
            (reward,) = lock_rewards(ids=[pk])
            free = retry_limits(reward=reward)
            approve_and_pay_if_clear(reward=reward)
    except Exception:
        skip_turn(reward_id=pk)
        raise
    return free
