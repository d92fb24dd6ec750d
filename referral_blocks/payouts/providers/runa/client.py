"""Talks HTTP with Runa: https://developer.runa.io, API v2."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import requests
from django.core.exceptions import ImproperlyConfigured
from django.views.decorators.debug import sensitive_variables

PRODUCTION = "https://api.runa.io/v2"
API_VERSION = "2024-02-05"
TIMEOUT = (5, 25)  # seconds to connect, and between two bytes; far below the lease of an attempt
LOOPBACK = ("127.0.0.1", "::1", "localhost")
PROCESSING = 102  # an interim answer: what follows it on the connection is lost


class NoAnswer(Exception):
    """Nothing was heard: the request may have been carried out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. ``body`` is never shown: it may hold a gift card's link; ``kind`` is the error's type."""

    status: int
    body: Any = field(default=None, repr=False)
    retry_after: int | None = None  # seconds

    @property
    def kind(self) -> str:
        kind = self.body.get("type", "") if isinstance(self.body, dict) else ""
        return kind if isinstance(kind, str) else ""


class RunaClient:
    """One account with Runa; each thread of each process has its own connection."""

    @sensitive_variables()
    def __init__(self, *, api_key: str, base_url: str = PRODUCTION, api_version: str = API_VERSION) -> None:
        self.base_url = checked_url(base_url)
        self._api_key = api_key
        self._api_version = api_version
        self._local = threading.local()

    def order(self, body: Mapping[str, Any], *, idempotency_key: str) -> Answer:
        """POST /order and wait for its outcome; raises NoAnswer."""
        headers = {"X-Idempotency-Key": idempotency_key, "X-Execution-Mode": "sync", "Content-Type": "application/json"}
        return self._ask("POST", "/order", data=encode(body), headers=headers)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """GET ``path``, such as ``/balance``; raises NoAnswer."""
        return self._ask("GET", path, params=dict(params or {}))

    @sensitive_variables()
    def _ask(self, method: str, path: str, **request: Any) -> Answer:
        try:
            response = self._session().request(
                method, self.base_url + path, timeout=TIMEOUT, allow_redirects=False, **request
            )
        except requests.RequestException as error:
            # Only the kind of it: its text and its frames hold the request.
            raise NoAnswer(type(error).__name__) from None
        if response.status_code < 200:
            self._drop_session()
            return Answer(PROCESSING)
        try:
            body = response.json(parse_float=Decimal)
        except requests.JSONDecodeError:
            body = None
        wish = response.headers.get("Retry-After", "")
        return Answer(response.status_code, body, int(wish) if wish.isdecimal() and len(wish) < 7 else None)

    def _session(self) -> requests.Session:
        kept = getattr(self._local, "kept", None)
        # By process too: a connection that was open before a fork must not be shared after it.
        if kept is None or kept[0] != os.getpid():
            session = requests.Session()
            session.headers.update({"X-Api-Key": self._api_key, "X-Api-Version": self._api_version})
            session.trust_env = not _is_loopback(self.base_url)
            kept = self._local.kept = (os.getpid(), session)
        return kept[1]

    def _drop_session(self) -> None:
        """Close the connection: the answer that is still to come on it must not be taken for the next one’s."""
        self._session().close()
        self._local.kept = None


def checked_url(url: str) -> str:
    """``url`` without a slash at its end; raises ImproperlyConfigured unless it is https, or on this machine."""
    parts = urlsplit(url)
    plain = parts.scheme == "http" and _is_loopback(url)
    if not (parts.hostname and (parts.scheme == "https" or plain)) or parts.username or parts.query or parts.fragment:
        raise ImproperlyConfigured("base_url of Runa has to begin with https://; http:// is for this machine only.")
    return url.rstrip("/")


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK


def encode(value: Any) -> bytes:
    """JSON in one spelling, whatever the order of keys: the same bytes at every try. A Decimal becomes a number with
    all its digits; floats are refused."""
    return _written(value).encode()


def _written(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        raise TypeError("Money is never a float")
    if isinstance(value, Mapping):
        return _joined("{}", (f"{json.dumps(key)}:{_written(value[key])}" for key in sorted(value)))
    if isinstance(value, (list, tuple)):
        return _joined("[]", (_written(item) for item in value))
    return json.dumps(value)


def _joined(brackets: str, parts: Iterable[str]) -> str:
    return brackets[0] + ",".join(parts) + brackets[1]
