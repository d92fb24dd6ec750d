"""A marketer sets what a programme may spend, and what one referrer may earn within a period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import InvalidInput, gathering
from referral_blocks.core.money import parse_amount
from referral_blocks.core.states import lock
from referral_blocks.programs.models import Period, Program
from referral_blocks.programs.services import set_limits

from .announce import announce
from .release_waiting import release_later

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def set_program_limits(
    *,
    program: Program,
    budget: str | None,
    referrer_cap: str | None,
    referrer_cap_period: str = Period.EVER,
    actor: User,
) -> bool:
    """Set both limits, as people write amounts (``"500.00"``); None is no limit. False when nothing changes.

    What was promised stays promised: a budget below it only makes later rewards wait. Rewards that now have room are
    released in the background, oldest first. Raises InvalidInput (paths ``budget``, ``referrerCap``,
    ``referrerCapPeriod``); then nothing is written.
    """
    limits: dict[str, Any] = {}
    with gathering() as mistakes:
        with mistakes.check():
            limits["budget_minor"] = _minor(program, budget, "budget")
        with mistakes.check():
            limits["referrer_cap_minor"] = _minor(program, referrer_cap, "referrerCap")
        with mistakes.check():
            limits["referrer_cap_period"] = _period(referrer_cap_period)
    with transaction.atomic():
        lock(program)
        if not set_limits(program=program, limits=limits, actor=actor):
            return False
        release_later(program_id=program.pk)
        announce(Kind.PROGRAM_CHANGED, program, program=program)
    return True


def _period(period: str) -> str:
    if period not in Period.values:
        raise InvalidInput(
            _("Choose one of: %(known)s.") % {"known": ", ".join(Period.values)},
            code="unknown_choice",
            path=("referrerCapPeriod",),
        )
    return period


def _minor(program: Program, amount: str | None, path: str) -> int | None:
    return None if amount is None else parse_amount(amount, program.currency, path=(path,)).amount_minor
