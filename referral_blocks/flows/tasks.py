"""What the queue runs: ids in, one call. Every task may run twice, also at the same time."""

from __future__ import annotations

from referral_blocks.core.heartbeat import proves_life
from referral_blocks.core.queue import Job
from referral_blocks.emails.services import send_email as _send_email

from . import mature_rewards as _time
from .send_payout import send_payout as _send_payout

SCHEDULES = (
    Job("referral_blocks.mature_rewards", "referral_blocks.flows.tasks.mature_rewards", minutes=1),
    Job("referral_blocks.expire_referrals", "referral_blocks.flows.tasks.expire_referrals", minutes=15),
    Job("referral_blocks.resume_work", "referral_blocks.flows.tasks.resume_work", minutes=1),
)


@proves_life
def send_email(email_id: int) -> None:
    _send_email(email_id=email_id)


@proves_life
def send_payout(payout_id: int) -> None:
    _send_payout(payout_id=payout_id)


def mature_rewards() -> None:
    _time.mature_rewards()


def expire_referrals() -> None:
    _time.expire_referrals()


def resume_work() -> None:
    _time.resume_work()
