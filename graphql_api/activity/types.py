"""One thing that has happened, and what came since a cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum

import strawberry
from django.utils.translation import gettext as _
from strawberry import relay

from graphql_api.errors import ErrorCode, refusal
from referral_blocks.activity import models
from referral_blocks.activity.cursor import Cursor, UnusableCursor, present_cursor, read_cursor
from referral_blocks.activity.kinds import Kind

MAX_ACTIVITY = 100
SUBJECTS_OF_SERVERS = {
    "group": "Group", "payout": "PayoutRecord", "program": "Program", "referral": "ReferralRecord",
    "referrer": "ReferrerRecord", "reversal": "SaleReversal", "reward": "RewardRecord", "sale": "Sale",
}  # fmt: skip
SUBJECTS_OF_REFERRERS = {
    "group": "ViewerGroup", "link": "ViewerLink", "program": "Program", "referral": "Referral",
    "referrer": "Referrer", "reward": "Reward",
}  # fmt: skip


@strawberry.enum(description="What has happened. More may be added: pass over those that you do not know.")
class ActivityKind(Enum):
    GROUP_COMPLETED = strawberry.enum_value("group.completed", description="Enough friends of a group bought in time.")
    GROUP_EXPIRED = strawberry.enum_value("group.expired", description="A group’s time was over first.")
    GROUP_JOINED = strawberry.enum_value("group.joined", description="A friend took a place in a group.")
    GROUP_LEFT = strawberry.enum_value("group.left", description="A place in a group is free again.")
    GROUP_OPENED = strawberry.enum_value("group.opened", description="A referrer opened a group.")
    LINK_CREATED = strawberry.enum_value("link.created", description="A referrer chose a code of their own.")
    PAYOUT_CANCELLED = strawberry.enum_value("payout.cancelled", description="A payout will not be sent.")
    PAYOUT_CONFIRMED = strawberry.enum_value("payout.confirmed", description="A payout may be sent.")
    PAYOUT_FAILED = strawberry.enum_value("payout.failed", description="A payout failed for good.")
    PAYOUT_PAID = strawberry.enum_value("payout.paid", description="A payout has reached its recipient.")
    PAYOUT_RETURNED = strawberry.enum_value("payout.returned", description="A paid payout came back.")
    PAYOUT_SENT = strawberry.enum_value("payout.sent", description="The provider has accepted a payout.")
    POINTS_CHANGED = strawberry.enum_value("points.changed", description="A referrer’s points changed.")
    PROGRAM_CHANGED = strawberry.enum_value(
        "program.changed", description="A programme changed: its state, its limits, or anything else of its form."
    )
    REFERRAL_CAPTURED = strawberry.enum_value("referral.captured", description="A friend left their details.")
    REFERRAL_EXPIRED = strawberry.enum_value("referral.expired", description="A friend’s time to buy is over.")
    REFERRAL_FLAGGED = strawberry.enum_value("referral.flagged", description="Somebody has to look at a friend.")
    REFERRAL_MOVED = strawberry.enum_value("referral.moved", description="Another referrer has the credit now.")
    REFERRAL_NURTURED = strawberry.enum_value("referral.nurtured", description="Somebody was in touch with a friend.")
    REFERRAL_QUALIFIED = strawberry.enum_value("referral.qualified", description="A friend is a customer.")
    REFERRAL_RETRACTED = strawberry.enum_value("referral.retracted", description="A friend is a customer no more.")
    REFERRAL_REVIEWED = strawberry.enum_value("referral.reviewed", description="The look at a friend is over.")
    REFERRAL_UNQUALIFIED = strawberry.enum_value("referral.unqualified", description="A friend does not qualify.")
    REFERRAL_WITHDRAWN = strawberry.enum_value("referral.withdrawn", description="A friend left the programme.")
    REFERRER_JOINED = strawberry.enum_value("referrer.joined", description="Somebody joined the programme.")
    REWARD_APPROVED = strawberry.enum_value("reward.approved", description="A reward waits for nothing more.")
    REWARD_CHANGED = strawberry.enum_value("reward.changed", description="A reward’s worth or waiting changed.")
    REWARD_CLAWED_BACK = strawberry.enum_value("reward.clawed_back", description="A reward was taken back.")
    REWARD_CREATED = strawberry.enum_value("reward.created", description="A reward was promised.")
    REWARD_EXPIRED = strawberry.enum_value("reward.expired", description="A reward was not taken in time.")
    REWARD_ISSUED = strawberry.enum_value("reward.issued", description="Its owner has a reward.")
    REWARD_REDEEMED = strawberry.enum_value("reward.redeemed", description="Its owner has used a reward.")
    REWARD_RESERVED = strawberry.enum_value("reward.reserved", description="A payout will bring a reward.")
    REWARD_VOIDED = strawberry.enum_value("reward.voided", description="A reward was cancelled.")
    SALE_RECORDED = strawberry.enum_value("sale.recorded", description="A friend bought.")
    SALE_REVERSED = strawberry.enum_value("sale.reversed", description="Money of a sale went back, or came again.")
    VISITS_COUNTED = strawberry.enum_value("visits.counted", description="New visits were counted.")


@strawberry.type(description="One thing that has happened; ids only, so ask for the rest by them.")
class Activity:
    id: strawberry.ID = strawberry.field(
        description="Of the event, the same wherever it is told. One that was told before may come again: skip it."
    )
    kind: ActivityKind = strawberry.field(description="What has happened.")
    occurred_at: datetime = strawberry.field(description="When.")
    subject_id: strawberry.ID | None = strawberry.field(
        description="The global id of what it happened to; null where the caller has no such type."
    )
    referrer_id: strawberry.ID | None = strawberry.field(
        description="The global id of the referrer whose standing it changes; null for a referrer’s own feed."
    )


@strawberry.type(description="What has happened in a programme since a cursor, oldest first.")
class ActivityUpdate:
    activities: list[Activity] = strawberry.field(description=f"What has happened; at most {MAX_ACTIVITY} at once.")
    cursor: str = strawberry.field(description="Send it as after to read on from here without a gap.")
    has_more: bool = strawberry.field(description="Whether more waits behind the cursor: read on at once.")

    @classmethod
    def of(cls, rows: Iterable[models.Activity], cursor: Cursor, has_more: bool) -> ActivityUpdate:
        """As a server is told."""
        return cls(activities=shown_to_server(rows), cursor=str(cursor), has_more=has_more)


def shown_to_server(rows: Iterable[models.Activity]) -> list[Activity]:
    """Every row, with whose standing it changes; the rows come with their referrers."""
    return _shown(
        rows,
        SUBJECTS_OF_SERVERS,
        lambda row: relay.to_base64("ReferrerRecord", str(row.referrer.public_id)) if row.referrer else None,
    )


def shown_to_referrer(rows: Iterable[models.Activity]) -> list[Activity]:
    return _shown(rows, SUBJECTS_OF_REFERRERS, lambda _row: None)


def _shown(
    rows: Iterable[models.Activity], types: Mapping[str, str], referrer: Callable[[models.Activity], str | None]
) -> list[Activity]:
    known = {member.value: member for member in ActivityKind}
    return [
        Activity(
            id=strawberry.ID(str(row.public_id)),
            kind=known[row.kind],
            occurred_at=row.occurred_at,
            subject_id=_global_id(types.get(row.subject_type), row.subject_id),
            referrer_id=referrer(row),  # type: ignore[arg-type]
        )
        for row in rows
        if row.kind in known
    ]


def _global_id(kind: str | None, key: str) -> strawberry.ID | None:
    return strawberry.ID(relay.to_base64(kind, key)) if kind else None


def cursor_of(text: str | None) -> Cursor:
    """Where ``text`` says, or behind everything so far. Raises GraphQLError: CURSOR_EXPIRED."""
    if text is None:
        return present_cursor()
    try:
        return read_cursor(text)
    except UnusableCursor:
        raise refusal(
            ErrorCode.CURSOR_EXPIRED,
            _("Nothing can be read on from this cursor. Load everything afresh, then follow without one."),
        ) from None


assert {member.value for member in ActivityKind} == set(Kind)  # noqa: S101 - public names and inner ones go together
