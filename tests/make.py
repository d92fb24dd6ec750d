"""Makes rows for tests through the real flows, so that no test starts from a state that the product cannot reach."""

from __future__ import annotations

from typing import Any

from wagtail.models import Site

from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.join_program import join_program
from referral_blocks.links.models import ReferralLink
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import RewardRule, Side

RULES = (
    {"side": Side.REFERRER, "title": "£20 gift", "amount_minor": 2000, "instructions": "Give the card in the drawer."},
    {"side": Side.FRIEND, "title": "£10 off", "amount_minor": 1000},
)


def make_program(*, rules: tuple[dict[str, Any], ...] = RULES, **fields: Any) -> Program:
    """A live programme of the default site in GBP, with one rule a side."""
    given: dict[str, Any] = {
        "site": Site.objects.get(is_default_site=True),
        "name": "Bring a neighbour",
        "slug": "neighbours",
        "currency": "GBP",
        "status": ProgramStatus.LIVE,
        "terms": "Be kind.",
    }
    program = Program.objects.create(**{**given, **fields})
    for rule in rules:
        RewardRule.objects.create(program=program, **rule)
    return program


def make_link(
    program: Program, *, email: str = "referrer@example.com", name: str = "Robin Example", consent: bool = True
) -> ReferralLink:
    """A referrer who has joined; ``consent`` lets friends read the first name."""
    return join_program(program=program, email=email, name=name, accept_terms=True, greeting_consent=consent).link


def make_referral(program: Program, *, email: str = "friend@example.com", link: ReferralLink | None = None) -> Referral:
    """A friend who typed the referrer's code."""
    code = (link or make_link(program)).code
    return capture_referral(program=program, email=email, name="Kim Example", accept_terms=True, code=code).referral
