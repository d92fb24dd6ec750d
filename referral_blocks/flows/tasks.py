"""What the queue runs: ids in, one call. Every task may run twice, also at the same time."""

from __future__ import annotations

from referral_blocks.core.queue import Job
from referral_blocks.emails.services import send_email as _send_email
from referral_blocks.programs.models import Program

from . import award_leaderboard as _prizes
from . import confirm_payout_run as _runs
from . import count_visits as _visits
from . import expire_groups as _groups
from . import forget_addresses as _addresses
from . import import_sales as _imports
from . import mature_rewards as _time
from . import plan_payout_run as _plans
from . import release_waiting as _waiting
from .answer_link_request import answer_link_request as _answer_link_request
from .carry_out_erasure import carry_out_erasure as _carry_out_erasure
from .carry_out_erasure import resume_erasures as _resume_erasures
from .check_ledger import check_ledger as _check_ledger
from .check_rules import warn_of_unpayable_rules as _check_rules
from .deliver_webhooks import deliver_webhooks as _deliver_webhooks
from .deliver_webhooks import resume_webhooks as _resume_webhooks
from .deliver_webhooks import send_test_webhook_now as _send_test_webhook
from .deliver_webhooks import tell_staff_of_webhook as _tell_staff_of_webhook
from .expire_points import expire_points as _expire_points
from .expire_rewards import expire_rewards as _expire_rewards
from .fetch_gift_cards import fetch_gift_cards as _fetch_gift_cards
from .forget_expired import forget_expired as _forget_expired
from .process_provider_event import forget_old_events as _forget_old_events
from .process_provider_event import process_provider_event as _process_provider_event
from .process_provider_event import resume_events as _resume_events
from .read_back_payout import read_back_payout as _read_back_payout
from .reconcile_payouts import reconcile_all as _reconcile_all
from .refresh_payout_account import refresh_due_accounts as _refresh_due_accounts
from .remind_gift_cards import remind_gift_cards as _remind_gift_cards
from .reverse_payout import carry_out_reversal as _carry_out_reversal
from .reverse_payout import resume_reversals as _resume_reversals
from .send_payout import send_payout as _send_payout
from .tell_staff import tell_staff_of_stop as _tell_staff_of_stop

SCHEDULES = (
    Job("referral_blocks.mature_rewards", "referral_blocks.flows.tasks.mature_rewards", minutes=1),
    Job("referral_blocks.expire_referrals", "referral_blocks.flows.tasks.expire_referrals", minutes=15),
    Job("referral_blocks.resume_work", "referral_blocks.flows.tasks.resume_work", minutes=1),
    Job("referral_blocks.resume_payout_runs", "referral_blocks.flows.tasks.resume_payout_runs", minutes=5),
    Job("referral_blocks.resume_imports", "referral_blocks.flows.tasks.resume_imports", minutes=5),
    Job("referral_blocks.expire_groups", "referral_blocks.flows.tasks.expire_groups", minutes=5),
    Job("referral_blocks.count_visits", "referral_blocks.flows.tasks.count_visits", minutes=5),
    Job("referral_blocks.award_leaderboards", "referral_blocks.flows.tasks.award_leaderboards", minutes=60),
    Job("referral_blocks.forget_addresses", "referral_blocks.flows.tasks.forget_addresses", minutes=360),
    Job("referral_blocks.forget_expired", "referral_blocks.flows.tasks.forget_expired", minutes=60),
    Job("referral_blocks.release_all_waiting", "referral_blocks.flows.tasks.release_all_waiting", minutes=5),
    Job("referral_blocks.expire_rewards", "referral_blocks.flows.tasks.expire_rewards", minutes=15),
    Job("referral_blocks.expire_points", "referral_blocks.flows.tasks.expire_points", minutes=60),
    Job("referral_blocks.remind_gift_cards", "referral_blocks.flows.tasks.remind_gift_cards", minutes=360),
    Job("referral_blocks.fetch_gift_cards", "referral_blocks.flows.tasks.fetch_gift_cards", minutes=360),
    Job("referral_blocks.check_rules", "referral_blocks.flows.tasks.check_rules", minutes=360),
    Job("referral_blocks.refresh_payout_accounts", "referral_blocks.flows.tasks.refresh_payout_accounts", minutes=15),
    Job("referral_blocks.resume_reversals", "referral_blocks.flows.tasks.resume_reversals", minutes=15),
    Job("referral_blocks.resume_events", "referral_blocks.flows.tasks.resume_events", minutes=1),
    Job("referral_blocks.resume_webhooks", "referral_blocks.flows.tasks.resume_webhooks", minutes=1),
    Job("referral_blocks.resume_erasures", "referral_blocks.flows.tasks.resume_erasures", minutes=15),
    Job("referral_blocks.forget_old_events", "referral_blocks.flows.tasks.forget_old_events", minutes=24 * 60),
    Job("referral_blocks.reconcile_payouts", "referral_blocks.flows.tasks.reconcile_payouts", minutes=24 * 60),
    Job("referral_blocks.check_ledger", "referral_blocks.flows.tasks.check_ledger", minutes=24 * 60),
)


def send_email(email_id: int) -> None:
    _send_email(email_id=email_id)


def answer_link_request(request_id: int) -> None:
    _answer_link_request(request_id=request_id)


def send_payout(payout_id: int) -> None:
    _send_payout(payout_id=payout_id)


def read_back_payout(payout_id: int) -> None:
    _read_back_payout(payout_id=payout_id)


def carry_out_reversal(reversal_id: int) -> None:
    _carry_out_reversal(reversal_id=reversal_id)


def process_provider_event(event_id: int) -> None:
    _process_provider_event(event_id=event_id)


def resume_reversals() -> None:
    _resume_reversals()


def resume_events() -> None:
    _resume_events()


def forget_old_events() -> None:
    _forget_old_events()


def reconcile_payouts() -> None:
    _reconcile_all()


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


def forget_expired() -> None:
    _forget_expired()


def release_waiting(program_id: int) -> None:
    _waiting.release_waiting(program=Program.objects.get(pk=program_id))


def release_all_waiting() -> None:
    _waiting.release_all_waiting()


def expire_rewards() -> None:
    _expire_rewards()


def expire_points() -> None:
    _expire_points()


def remind_gift_cards() -> None:
    _remind_gift_cards()


def fetch_gift_cards() -> None:
    _fetch_gift_cards()


def tell_staff_of_stop(stop_change_id: int) -> None:
    _tell_staff_of_stop(stop_change_id=stop_change_id)


def check_rules() -> None:
    _check_rules()


def refresh_payout_accounts() -> None:
    _refresh_due_accounts()


def check_ledger() -> None:
    _check_ledger()


def run_import(import_id: int) -> None:
    _imports.run_import(import_id=import_id)


def resume_imports() -> None:
    _imports.resume_imports()


def gather_payout_run(run_id: int) -> None:
    _plans.gather_on(run_id=run_id)


def carry_out_payout_run(run_id: int) -> None:
    _runs.carry_out_payout_run(run_id=run_id)


def resume_payout_runs() -> None:
    _plans.resume_gathering()
    _runs.resume_payout_runs()


def deliver_webhooks(endpoint_id: int) -> None:
    _deliver_webhooks(endpoint_id=endpoint_id)


def send_test_webhook(delivery_id: int) -> None:
    _send_test_webhook(delivery_id=delivery_id)


def resume_webhooks() -> None:
    _resume_webhooks()


def tell_staff_of_webhook(change_id: int) -> None:
    _tell_staff_of_webhook(change_id=change_id)


def carry_out_erasure(erasure_id: int) -> None:
    _carry_out_erasure(erasure_id=erasure_id)


def resume_erasures() -> None:
    _resume_erasures()
