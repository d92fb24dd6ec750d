"""Programmes that pay in runs through the fake shop, for tests: people who bought, and what is ready for a run."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from referral_blocks.core.conf import Conf
from referral_blocks.flows.confirm_payout_run import carry_out_payout_run, confirm_payout_run
from referral_blocks.flows.plan_payout_run import plan_payout_run
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.run import PayoutRun
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward
from tests.make import make_link, make_program, make_referral
from tests.payout_fake import PATH

SHOP = {"shop": PATH}
GIFT = {
    "side": "referrer", "title": "Gift", "amount_minor": 2000, "hold_days": 0, "approval": "automatic",
    "sale_to": None, "method": "shop",
}  # fmt: skip


def providers(**more: Any) -> dict[str, Any]:
    """The REFERRAL_BLOCKS setting with the fake shop beside the house’s own ways of paying."""
    return {"PAYOUT_PROVIDERS": {**Conf().PAYOUT_PROVIDERS, **SHOP, **more}, "RATE_LIMITS_ENABLED": False}


def runs_program(*rules: dict[str, Any], **fields: Any) -> Program:
    return make_program(rules=rules or (GIFT,), payout_mode=fields.pop("payout_mode", "runs"), **fields)


def friend_of(program: Program, name: str) -> Referral:
    """A friend of the referrer ``name``, who has joined by now."""
    link = make_link(program, email=f"{name}@example.com", name=name.title())
    return make_referral(program, email=f"friend-of-{name}@example.com", link=link)


def buy(referral: Referral, order: str, amount: str = "100") -> list[Reward]:
    ids = {"source": "api", "external_id": order, "friend_email": referral.friend.email}
    return list(record_sale(program=referral.program, amount=amount, currency=referral.program.currency, **ids).rewards)


def staff(name: str = "fin") -> Any:
    return get_user_model().objects.get_or_create(username=name)[0]


def plan(program: Program, **given: Any) -> PayoutRun:
    return plan_payout_run(program=program, provider="shop", actor=staff(), **given)


def confirm(run: PayoutRun, name: str = "fin", **given: Any) -> bool:
    """Confirmed, and carried out as the queue would do."""
    done = confirm_payout_run(run=run, actor=staff(name), **given)
    carry_out_payout_run(run_id=run.pk)
    return done


def send_all() -> list[str | None]:
    """Every payout that waits to be sent, once."""
    ids = Payout.objects.filter(state__in=("confirmed", "sending", "failed_retryable", "unknown")).order_by("pk")
    return [send_payout(payout_id=pk) for pk in list(ids.values_list("pk", flat=True))]


def payouts(run: PayoutRun) -> list[tuple[str, int, str]]:
    """(who, amount, state) of the run’s payouts."""
    rows = Payout.objects.filter(run=run).order_by("pk")
    return list(rows.values_list("person__name", "amount_minor", "state"))
