"""A referrer's statement in pages: a relay connection whose cursors are the ledger's entries, so that a page costs the
same wherever it begins and new entries move nothing."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from django.utils.translation import gettext as _
from strawberry import relay
from strawberry.relay.utils import from_base64, to_base64

from graphql_api.connections import MAX_PAGE
from graphql_api.errors import ErrorCode, refusal
from graphql_api.money.types import Money
from referral_blocks.ledger import statement as ledger
from referral_blocks.referrers.models import Referrer

CURSOR = "ledgerentry"
MAX_ID = 2**63 - 1
First = Annotated[int | None, strawberry.argument(description=f"How many from the beginning, 0 to {MAX_PAGE}.")]
Last = Annotated[int | None, strawberry.argument(description=f"How many from the end, 1 to {MAX_PAGE}; without first.")]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor; goes with last.")]


@strawberry.enum(description="What a line of a statement is about.")
class StatementKind(Enum):
    REWARD_PROMISED = strawberry.enum_value("reward_promised", description="A reward was earned.")
    REWARD_APPROVED = strawberry.enum_value("reward_approved", description="It was approved.")
    REWARD_WAITS = strawberry.enum_value("reward_waits", description="Sending failed: it waits for staff.")
    REWARD_RESIZED = strawberry.enum_value("reward_resized", description="Part of the sale was reversed.")
    REWARD_VOID = strawberry.enum_value("reward_void", description="It was cancelled.")
    REWARD_EXPIRED = strawberry.enum_value("reward_expired", description="It expired.")
    REWARD_CLAWED = strawberry.enum_value("reward_clawed", description="Taken back: the sale was reversed.")
    CLAWBACK_RETURNED = strawberry.enum_value(
        "clawback_returned", description="What was taken back made the reward smaller instead."
    )
    PAYOUT_NETTED = strawberry.enum_value("payout_netted", description="Kept back for what was taken back before.")
    PAYOUT_UNNETTED = strawberry.enum_value("payout_unnetted", description="Kept back no longer: sending failed.")
    PAYOUT_SENT = strawberry.enum_value("payout_sent", description="On its way.")
    PAYOUT_PAID = strawberry.enum_value("payout_paid", description="Received.")
    PAYOUT_UNSENT = strawberry.enum_value("payout_unsent", description="It did not arrive.")
    PAYOUT_RETURNED = strawberry.enum_value("payout_returned", description="It came back.")
    PAYOUT_BEGUN = strawberry.enum_value("payout_begun", description="Being taken back.")
    PAYOUT_REVERSED = strawberry.enum_value("payout_reversed", description="Taken back.")
    PAYOUT_UNREVERSED = strawberry.enum_value("payout_unreversed", description="It could not be taken back.")
    POINTS_REDEEMED = strawberry.enum_value("points_redeemed", description="Points were used.")
    POINTS_RETURNED = strawberry.enum_value("points_returned", description="Points were given back.")
    POINTS_KEPT = strawberry.enum_value("points_kept", description="Points were kept for what was taken back before.")
    POINTS_EXPIRED = strawberry.enum_value("points_expired", description="Points expired.")
    CORRECTION = strawberry.enum_value("correction", description="Anything else.")


@strawberry.type(description="One movement of what a referrer is owed, in one currency.")
class StatementLine:
    at: datetime = strawberry.field(description="When it was.")
    kind: StatementKind = strawberry.field(description="What it was, for programs.")
    message: str = strawberry.field(description="What it was, in the language of the request.")
    note: str = strawberry.field(description="What it was for, such as what points were exchanged for; may be empty.")
    amount: Money = strawberry.field(description="What it was about.")
    change: Money = strawberry.field(description="What it changed of what they are owed; zero for a step on the way.")
    balance: Money = strawberry.field(description="What they were owed after it, in this currency.")


@strawberry.type(description="A line, and where it stands.")
class StatementLineEdge:
    cursor: str = strawberry.field(description="Where it stands.")
    node: StatementLine = strawberry.field(description="The line.")


@strawberry.type(description="Lines of a statement, oldest first.")
class StatementLineConnection:
    referrer: strawberry.Private[Referrer]
    currency: strawberry.Private[str]
    page_info: relay.PageInfo = strawberry.field(description="Whether there is more.")
    edges: list[StatementLineEdge] = strawberry.field(description="The lines.")

    @strawberry.field(description="How many there are in all, whatever page this is.")
    def total_count(self) -> int:
        referrer = self.referrer
        return ledger.count_lines(program=referrer.program, person=referrer.person, currency=self.currency)


def statement_of(
    referrer: Referrer, currency: str, *, first: int | None, after: str | None, last: int | None, before: str | None
) -> StatementLineConnection:
    """One page, in two queries, three from the end; an empty ``currency`` is every currency. Raises GraphQLError for
    arguments that make no sense."""
    _check(first, last, before)
    given = {"program": referrer.program, "person": referrer.person, "currency": currency}
    start = _entry_id(after, "after") if after else 0
    until = _entry_id(before, "before") if before else None
    size = MAX_PAGE if first is None else first
    if last is not None:
        size = last
        start = max(start, ledger.begin_of_last(**given, limit=last, before=until))  # type: ignore[arg-type]
    lines = ledger.statement(**given, after=start, limit=size + 1)  # type: ignore[arg-type]
    edges = [_edge(line) for line in lines[:size] if until is None or line.entry_id < until]
    page_info = relay.PageInfo(
        has_next_page=len(lines) > len(edges),
        has_previous_page=start > 0,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return StatementLineConnection(referrer=referrer, currency=currency, page_info=page_info, edges=edges)


def _edge(line: ledger.StatementLine) -> StatementLineEdge:
    known = line.kind in ledger.WORDS
    node = StatementLine(
        at=line.at,
        kind=StatementKind(line.kind) if known else StatementKind.CORRECTION,
        message=line.words,
        note=line.note,
        amount=Money.of(line.amount),
        change=Money.of(line.change),
        balance=Money.of(line.balance),
    )
    return StatementLineEdge(cursor=to_base64(CURSOR, line.entry_id), node=node)


def _check(first: int | None, last: int | None, before: str | None) -> None:
    for name, given, least in (("first", first, 0), ("last", last, 1)):
        if given is not None and not least <= given <= MAX_PAGE:
            raise refusal(
                ErrorCode.BAD_USER_INPUT,
                _("“%(name)s” has to be between %(min)d and %(max)d.") % {"name": name, "min": least, "max": MAX_PAGE},
            )
    if (first is not None and last is not None) or (before and last is None):
        raise refusal(
            ErrorCode.BAD_USER_INPUT, _("Ask either from the beginning (first, after) or from the end (last, before).")
        )


def _entry_id(cursor: str, name: str) -> int:
    try:
        kind, number = from_base64(cursor)
        if kind == CURSOR and number.isascii() and number.isdecimal() and len(number) < 20 and int(number) <= MAX_ID:
            return int(number)
    except ValueError:
        pass
    raise refusal(ErrorCode.BAD_USER_INPUT, _("“%(name)s” is not a cursor of this list.") % {"name": name})
