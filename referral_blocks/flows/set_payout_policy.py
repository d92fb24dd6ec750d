"""Staff set a programme's limits for payouts in one currency."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.errors import InvalidInput, gathering
from referral_blocks.core.money import parse_amount, validate_currency
from referral_blocks.core.states import lock
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.payouts.stops import call_forward
from referral_blocks.programs.models import Program
from referral_blocks.programs.services import note_limits

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RESUME_TASK = "referral_blocks.flows.tasks.resume_work"
COLUMNS = {
    "minimum": "minimum_minor",
    "secondPerson": "second_person_minor",
    "dailyCap": "daily_cap_minor",
    "personCap": "person_cap_minor",
}
CAPS = ("daily_cap_minor", "person_cap_minor")


def set_payout_policy(
    *,
    program: Program,
    currency: str,
    minimum: str | None = None,
    second_person: str | None = None,
    daily_cap: str | None = None,
    person_cap: str | None = None,
    actor: User,
) -> bool:
    """Set all four limits, as people write amounts (``"500.00"``); None is no limit. With ``"0"`` for ``second_person``
    always two people confirm. False when nothing changes.

    What waits for a day's cap is tried again at once. Raises InvalidInput (paths ``currency``, ``minimum``,
    ``secondPerson``, ``dailyCap``, ``personCap``); then nothing is written.
    """
    code = validate_currency(currency)
    given = {"minimum": minimum, "secondPerson": second_person, "dailyCap": daily_cap, "personCap": person_cap}
    limits: dict[str, int | None] = {}
    with gathering() as mistakes:
        for path, amount in given.items():
            with mistakes.check():
                limits[COLUMNS[path]] = _minor(amount, code, path, zero=path == "secondPerson")
    _check(limits)
    with transaction.atomic():
        lock(program)
        policy = PayoutPolicy.objects.filter(program=program, currency=code).first()
        policy = policy or PayoutPolicy(program=program, currency=code)
        before = {name: getattr(policy, name) for name in limits}
        if before == limits:
            return False
        for name, value in limits.items():
            setattr(policy, name, value)
        policy.save()
        note_limits(program=program, before=before, after=limits, suffix=f":{code}", actor=actor)
        if any(before[cap] != limits[cap] for cap in CAPS):
            call_forward(Q(program=program, currency=code, counted_on=None))
            queue.enqueue(RESUME_TASK)
    return True


def _minor(amount: str | None, currency: str, path: str, *, zero: bool = False) -> int | None:
    if amount is None:
        return None
    try:
        if zero and Decimal(amount.strip()) == 0:
            return 0
    except InvalidOperation:
        pass  # parse_amount says what is wrong with it
    return parse_amount(amount, currency, path=(path,)).amount_minor


def _check(limits: dict[str, int | None]) -> None:
    """No limit makes another one pointless: what is below the smallest payout could never be sent."""
    least, daily, person = limits["minimum_minor"], limits["daily_cap_minor"], limits["person_cap_minor"]
    with gathering() as mistakes:
        for cap, path in ((daily, "dailyCap"), (person, "personCap")):
            with mistakes.check():
                if least is not None and cap is not None and cap < least:
                    text = _("This is below the smallest payout: nothing would ever be sent.")
                    raise InvalidInput(text, code="out_of_range", path=(path,))
