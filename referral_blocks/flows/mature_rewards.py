"""Time does its work: holds end, credit windows close, and lost tasks are found again. Late or twice, the result is the
same."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.queue import waiting_count
from referral_blocks.emails.link_requests import requeue_link_requests
from referral_blocks.emails.services import requeue_unsent_emails
from referral_blocks.payouts.sweeper import requeue_due_payouts
from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import UNEARNED, expire
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import Reason
from referral_blocks.rewards.selectors import due_hold_ids

from .announce import announce
from .each import for_each
from .pay_reward import SEND_TASK, approve_and_pay_if_clear
from .read_back_payout import LOOK_UP_TASK
from .step_reward import clear_reason

BATCH = 500


def mature_rewards() -> int:
    """End every hold that is over, each in its own transaction; returns how many ended now."""
    return sum(for_each(due_hold_ids(limit=BATCH), _end_hold))


def _end_hold(pk: int) -> bool:
    with transaction.atomic():
        (reward,) = lock_rewards(ids=[pk])
        ended = clear_reason(reward=reward, reason=Reason.HOLD, cause="time")
        approve_and_pay_if_clear(reward=reward)
    return ended


def expire_referrals() -> int:
    """Close the credit window of friends who did not buy in time; returns how many."""
    late = Referral.objects.filter(stage__in=UNEARNED, credit_expires_at__lte=timezone.now()).order_by("pk")
    return sum(for_each(late.values_list("pk", flat=True)[:BATCH], _expire))


def _expire(pk: int) -> bool:
    with transaction.atomic():
        fresh = Referral.objects.select_for_update(of=("self",)).select_related("program").get(pk=pk)
        if fresh.stage not in UNEARNED or not expire(referral=fresh):
            return False
        announce(Kind.REFERRAL_EXPIRED, fresh, program=fresh.program, referrer_id=fresh.referrer_id)
    return True


def resume_work() -> int:
    """Queue the payouts, mails and requests for links whose task was lost or is due again; returns how many. Behind a
    long queue nothing is lost yet: each of them is in it, and a second task for each would only make it longer."""
    if waiting_count() >= BATCH:
        return 0
    payouts = requeue_due_payouts(send=SEND_TASK, look_up=LOOK_UP_TASK, limit=BATCH)
    return payouts + requeue_unsent_emails(limit=BATCH) + requeue_link_requests(limit=BATCH)
