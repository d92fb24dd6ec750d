"""What goes over the wire: server-sent events (HTML Standard, §9.2), as GraphQL over SSE names them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from graphql_api.operation import RequestRefused

CONTENT_TYPE = "text/event-stream"
HEADERS = {
    "Content-Type": f"{CONTENT_TYPE}; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx passes each event on at once
}
COMPLETE = b"event: complete\ndata:\n\n"  # without the empty data line browsers would not tell of it
KEEP_ALIVE = b": still here\n\n"  # a comment: it keeps proxies from closing, and finds connections that are gone


def retry_after(milliseconds: int) -> bytes:
    """How long a browser's EventSource waits before it connects again."""
    return b"retry: %d\n\n" % milliseconds


def refusal_event(refused: RequestRefused) -> bytes:
    """Why nothing was run, as a result."""
    error = {"message": refused.message, "extensions": {"code": refused.code.value}}
    return next_event({"errors": [error], **({"extensions": refused.extensions} if refused.extensions else {})})


def next_event(body: Mapping[str, Any], *, cursor: str = "") -> bytes:
    """One result. The cursor is the event's id, which EventSource sends back as Last-Event-ID when it reconnects."""
    text = json.dumps(body, cls=DjangoJSONEncoder, separators=(",", ":"))
    position = f"id: {cursor}\n" if cursor else ""
    return f"event: next\n{position}data: {text}\n\n".encode()
