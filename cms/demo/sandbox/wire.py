"""What goes over the wire: a request as a provider reads it, and the answer it gives."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` and ``body`` as sent. ``executed`` says that the work had begun, so that the outcome counts."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    executed: bool = True


class Refusal(Exception):
    """A provider's own error answer, raised from wherever it is found out."""

    def __init__(self, status: int, body: Any, *, executed: bool = False) -> None:
        super().__init__(status)
        self.answer = Answer(status, to_json(body), executed=executed)


@dataclass(slots=True)
class Request:
    """One HTTP request. ``headers`` have lower-case names; ``params`` is filled by the provider."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    path: str = field(init=False)
    query: list[tuple[str, str]] = field(init=False)
    params: dict[str, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        split = urlsplit(self.target)
        self.path = split.path
        self.query = parse_qsl(split.query, keep_blank_values=True)

    def first(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    def form(self) -> list[tuple[str, str]]:
        """The pairs of a form-encoded body, in order."""
        pairs = (part.partition("=") for part in self.body.decode().split("&") if part)
        return [(unquote_plus(key), unquote_plus(value)) for key, _, value in pairs]


def to_json(value: Any) -> bytes:
    """Compact JSON; a Decimal becomes a string, as both providers send their amounts."""
    return json.dumps(value, separators=(",", ":"), default=_plain).encode()


def json_answer(value: Any, status: int = 200) -> Answer:
    """``value`` as JSON."""
    return Answer(status, to_json(value))


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """``a[b][0]=c`` pairs as nested dictionaries; lists become dictionaries with their index as key."""
    out: dict[str, Any] = {}
    for key, value in pairs:
        parts = key.replace("]", "").split("[")
        place = out
        for part in parts[:-1]:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                inner = place[part] = {}
            place = inner
        place[parts[-1]] = value
    return out


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)
