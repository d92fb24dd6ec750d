"""Which events endpoints can be told of, and what a message says: ids to ask the API with, and nothing personal."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import InvalidInput

VERSION = "1"  # of the message's form; a field that is added does not change it
TEST = "webhook.test"
# Too many, and of no use to another system: visits are counted every few minutes, and a link is its referrer's own.
NOT_SENT = frozenset({Kind.LINK_CREATED, Kind.VISITS_COUNTED})
KINDS: tuple[str, ...] = tuple(kind.value for kind in Kind if kind not in NOT_SENT)
# What the feed calls a subject → the API's type of it, as a system with a key reads it.
TYPES = {
    "group": "Group",
    "payout": "PayoutRecord",
    "program": "Program",
    "referral": "ReferralRecord",
    "referrer": "ReferrerRecord",
    "reversal": "SaleReversal",
    "reward": "RewardRecord",
    "sale": "Sale",
}


def clean_kinds(given: Iterable[str]) -> list[str]:
    """Each once, in the order of KINDS; raises InvalidInput (path ``kinds``)."""
    wanted = {str(kind) for kind in given}
    if unknown := wanted.difference(KINDS):
        raise InvalidInput(
            _("No messages are sent about: %(kinds)s.") % {"kinds": ", ".join(sorted(unknown))},
            code="unknown_choice",
            path=("kinds",),
        )
    return [kind for kind in KINDS if kind in wanted]


def global_id(kind: str, key: object) -> str:
    """What relay calls a row: the API finds it again by ``node(id:)``."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def message(*, message_id: str, kind: str, at: datetime, subject: str, key: object, program: object) -> str:
    """The body: ``type``, ``timestamp`` and ``data`` as Standard Webhooks recommends. It is frozen when it is made."""
    type_ = TYPES[subject]
    data = {"object": type_, "id": global_id(type_, key), "program": global_id("Program", program)}
    return _written(message_id, kind, at, data)


def test_message(*, message_id: str, at: datetime) -> str:
    """The same form, about nothing."""
    return _written(message_id, TEST, at, {})


def _written(message_id: str, kind: str, at: datetime, data: dict[str, str]) -> str:
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    whole = {"id": message_id, "type": kind, "timestamp": stamp, "api_version": VERSION, "data": data}
    return json.dumps(whole, separators=(",", ":"))
