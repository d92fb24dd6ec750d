"""What the queue runs: ids in, one call. Every task may run twice, also at the same time."""

from __future__ import annotations

from referral_blocks.core.heartbeat import proves_life
from referral_blocks.core.queue import Job
from referral_blocks.emails.services import send_email as _send_email
from referral_blocks.programs.models import Program

from . import award_leaderboard as _prizes
from . import count_visits as _visits
from . import expire_groups as _groups
from . import forget_addresses as _addresses
from . import import_sales as _imports
from . import mature_rewards as _time
from . import release_waiting as _waiting
from .check_ledger import check_ledger as _check_ledger
from .expire_points import expire_points as _expire_points
from .expire_rewards import expire_rewards as _expire_rewards
from .send_payout import send_payout as _send_payout

SCHEDULES = (
    Job("referral_blocks.mature_rewards", "referral_blocks.flows.tasks.mature_rewards", minutes=1),
    Job("referral_blocks.expire_referrals", "referral_blocks.flows.tasks.expire_referrals", minutes=15),
    Job("referral_blocks.resume_work", "referral_blocks.flows.tasks.resume_work", minutes=1),
    Job("referral_blocks.resume_imports", "referral_blocks.flows.tasks.resume_imports", minutes=5),
    Job("referral_blocks.expire_groups", "referral_blocks.flows.tasks.expire_groups", minutes=5),
    Job("referral_blocks.count_visits", "referral_blocks.flows.tasks.count_visits", minutes=5),
    Job("referral_blocks.award_leaderboards", "referral_blocks.flows.tasks.award_leaderboards", minutes=60),
    Job("referral_blocks.forget_addresses", "referral_blocks.flows.tasks.forget_addresses", minutes=360),
    Job("referral_blocks.release_all_waiting", "referral_blocks.flows.tasks.release_all_waiting", minutes=5),
    Job("referral_blocks.expire_rewards", "referral_blocks.flows.tasks.expire_rewards", minutes=15),
    Job("referral_blocks.expire_points", "referral_blocks.flows.tasks.expire_points", minutes=60),
    Job("referral_blocks.check_ledger", "referral_blocks.flows.tasks.check_ledger", minutes=24 * 60),
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


def expire_groups() -> None:
    _groups.expire_groups()


def count_visits() -> None:
    _visits.count_visits()


def award_leaderboards() -> None:
    _prizes.award_leaderboards()


def forget_addresses() -> None:
    _addresses.forget_addresses()


def release_waiting(program_id: int) -> None:
    _waiting.release_waiting(program=Program.objects.get(pk=program_id))


def release_all_waiting() -> None:
    _waiting.release_all_waiting()


def expire_rewards() -> None:
    _expire_rewards()


def expire_points() -> None:
    _expire_points()


def check_ledger() -> None:
    _check_ledger()


def run_import(import_id: int) -> None:
    _imports.run_import(import_id=import_id)


def resume_imports() -> None:
    _imports.resume_imports()
