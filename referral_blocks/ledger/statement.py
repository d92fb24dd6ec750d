"""One person's ledger in one programme, in words, oldest first, with what they are owed after each line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.money import Money
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program

from .models import Account, LedgerLine

# What stands on these is owed to the person, or (to be netted) by the person.
OWED = (Account.PENDING, Account.PAYABLE, Account.IN_TRANSIT, Account.POINTS, Account.CLAWBACK)
WORDS: dict[str, str | Promise] = {
    "reward_promised": _("Reward earned"),
    "reward_approved": _("Reward approved"),
    "reward_waits": _("Sending failed: it waits for our team"),
    "reward_resized": _("Reward changed because part of the sale was reversed"),
    "reward_void": _("Reward cancelled"),
    "reward_expired": _("Reward expired"),
    "reward_clawed": _("Taken back because the sale was reversed"),
    "clawback_returned": _("What was taken back made the reward smaller instead"),
    "payout_netted": _("Kept back for what was taken back before"),
    "payout_unnetted": _("Sending failed: kept back no longer"),
    "payout_sent": _("On its way"),
    "payout_paid": _("Received"),
    "payout_unsent": _("It did not arrive"),
    "payout_returned": _("It came back to us"),
    "payout_begun": _("Being taken back"),
    "payout_reversed": _("Taken back"),
    "payout_unreversed": _("It could not be taken back"),
    "points_redeemed": _("Points used"),
    "points_returned": _("Points given back"),
    "points_kept": _("Kept, at their date, for what was taken back before"),
    "points_expired": _("Points expired"),
}


@dataclass(frozen=True, slots=True)
class StatementLine:
    """``amount`` is what it was about, ``change`` what it changed of what the person is owed (zero for a step on the
    way), ``balance`` what the person was owed after it."""

    entry_id: int
    at: datetime
    kind: str
    words: str
    amount: Money
    change: Money
    balance: Money
    note: str = ""


def statement(
    *, program: Program, person: Person, after: int = 0, limit: int = 50, currency: str = ""
) -> list[StatementLine]:
    """Up to ``limit`` lines after the entry ``after``, oldest first, of every currency or of one; two queries, whatever
    the history.

    The next page begins after the last line's ``entry_id``.
    """
    mine = _lines(program, person, currency)
    balance = _owed_until(mine, after)
    page = mine.filter(entry_id__gt=after).values(
        "entry_id", "currency", "entry__kind", "entry__created_at", "entry__note"
    )
    owed = Case(When(account__in=OWED, then=-F("amount_minor")), default=Value(0))
    moved = Sum("amount_minor", filter=Q(amount_minor__gt=0), default=0)
    lines = []
    for row in page.annotate(change=Sum(owed), moved=moved).order_by("entry_id", "currency")[:limit]:
        currency = row["currency"]
        balance[currency] = balance.get(currency, 0) + row["change"]
        lines.append(
            StatementLine(
                entry_id=row["entry_id"],
                at=row["entry__created_at"],
                kind=row["entry__kind"],
                words=str(WORDS.get(row["entry__kind"], _("Correction"))),
                amount=Money(row["moved"], currency),
                change=Money(row["change"], currency),
                balance=Money(balance[currency], currency),
                note=row["entry__note"],
            )
        )
    return lines


def begin_of_last(
    *, program: Program, person: Person, limit: int, before: int | None = None, currency: str = ""
) -> int:
    """The entry after which the last ``limit`` lines (before the entry ``before``) begin; 0 when there are no more."""
    mine = _lines(program, person, currency)
    if before is not None:
        mine = mine.filter(entry_id__lt=before)
    entries = mine.order_by("-entry_id").values_list("entry_id", flat=True).distinct()
    return entries[limit : limit + 1].first() or 0


def count_lines(*, program: Program, person: Person, currency: str = "") -> int:
    """How many lines the whole statement has."""
    return _lines(program, person, currency).values("entry_id", "currency").distinct().count()


def _lines(program: Program, person: Person, currency: str) -> QuerySet[LedgerLine]:
    mine = LedgerLine.objects.order_by().filter(person=person, entry__program=program)
    return mine.filter(currency=currency) if currency else mine


def _owed_until(mine: QuerySet[LedgerLine], entry_id: int) -> dict[str, int]:
    before = mine.filter(entry_id__lte=entry_id, account__in=OWED).values_list("currency")
    return {currency: -total for currency, total in before.annotate(total=Sum("amount_minor"))}
