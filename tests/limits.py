"""Programmes whose friends are about to buy, and what their rewards wait for."""

from referral_blocks.flows.record_sale import record_sale
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import Reward
from tests.make import make_link, make_program, make_referral

FIVER = {"side": "referrer", "title": "£5", "amount_minor": 500, "hold_days": 0, "approval": "automatic"}


def prepare(count: int, *, referrers: int = 1, rules=(FIVER,), **fields) -> Program:
    """A programme with ``count`` friends who are about to buy, spread over the referrers."""
    program = make_program(rules=tuple(rules), **fields)
    links = [make_link(program, email=f"referrer{n}@example.com") for n in range(referrers)]
    for n in range(count):
        make_referral(program, email=f"friend{n}@example.com", link=links[n % referrers])
    return program


def buy(program, number, amount="10"):
    sale = {"source": "api", "external_id": str(number), "friend_email": f"friend{number}@example.com"}
    return record_sale(program=program, amount=amount, currency="GBP", **sale)


def states(program=None) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Reward.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def waits(reward) -> set[str]:
    return set(reward.pending_reasons.values_list("reason", flat=True))


def all_waiting() -> list[set[str]]:
    return [waits(r) for r in Reward.objects.filter(state="pending").order_by("pk")]
