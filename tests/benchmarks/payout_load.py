"""Confirmed payouts in any number, made in the database itself, as a run that was confirmed this moment leaves them."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from referral_blocks.core import queue
from referral_blocks.flows.pay_reward import SEND_TASK
from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.payouts.models import Payout, PayoutItem
from referral_blocks.programs.models import Program
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward
from tests.make import make_link, make_program
from tests.standins import StandIn

from .history import fill, settle, text

BASE = 10_000_000  # where the primary keys begin
AMOUNT = 2_000
RULE = {
    "side": "referrer", "title": "£20", "amount_minor": AMOUNT, "method": "stripe", "hold_days": 0,
    "approval": "automatic",
}  # fmt: skip


def make_recipients(stripe: StandIn, count: int) -> list[Referrer]:
    """Referrers of one programme whose accounts at the stand-in are ready; their ids follow one another."""
    program = make_program(rules=(RULE,))
    referrers = [make_link(program, email=f"referrer{n}@example.com").referrer for n in range(count)]
    PayoutAccount.objects.bulk_create(
        PayoutAccount(
            person=referrer.person, provider="stripe", reference=stripe.active_account(), country="GB", state="ready"
        )
        for referrer in referrers
    )
    return referrers


def make_payouts(referrers: list[Referrer], *, first: int, last: int) -> None:
    """Payouts number ``first`` to ``last``, one reward each, the recipients in turn."""
    program = Program.objects.get()
    rule = program.reward_rules.get()
    people, owners = (_in_turn([getattr(r, name) for r in referrers]) for name in ("person_id", "pk"))
    soon = (timezone.now() + timedelta(minutes=5)).strftime("'%Y-%m-%d %H:%M:%S'")
    fill(
        Reward, first, last, id=f"{BASE} + n", rule_id=str(rule.pk), program_id=str(program.pk), person_id=people,
        referrer_id=owners, trigger_key=text("bench:"), side="'referrer'", title="'£20'", amount_minor=str(AMOUNT),
        promised_minor=str(AMOUNT), currency="'GBP'", method="'stripe'", state="'reserved'",
    )  # fmt: skip
    fill(
        Payout, first, last, id=f"{BASE} + n", program_id=str(program.pk), person_id=people, provider="'stripe'",
        amount_minor=str(AMOUNT), currency="'GBP'", state="'confirmed'",
        next_try_at=soon + ("::timestamptz" if connection.vendor == "postgresql" else ""),
    )  # fmt: skip
    fill(PayoutItem, first, last, payout_id=f"{BASE} + n", reward_id=f"{BASE} + n")
    settle()


def queue_payouts(*, first: int, last: int) -> None:
    """Their tasks, all visible to the worker at one moment."""
    with transaction.atomic():
        for number in range(first, last + 1):
            queue.enqueue(SEND_TASK, BASE + number)


def _in_turn(ids: list[int]) -> str:
    """SQL for the id whose turn it is."""
    cases = " ".join(f"WHEN {place} THEN {pk}" for place, pk in enumerate(ids))
    return f"CASE n %% {len(ids)} {cases} END"
