"""Signed webhooks: sent from a thread of their own, tried again when the receiver does not take them."""

from __future__ import annotations

import base64
import hashlib
import heapq
import hmac
import itertools
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

# Short, so that a demo or a test sees a second try; the real ones wait minutes and hours.
RETRIES = (0.0, 0.3, 1.0, 3.0, 8.0)
KEPT = 1000

Signer = Callable[[str, str, bytes], dict[str, str]]


def stripe_signature(secret: str, event_id: str, body: bytes) -> dict[str, str]:
    """Stripe's scheme v1: HMAC-SHA256 over ``time.body``, hexadecimal."""
    stamp = int(time.time())
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={digest}"}


def svix_signature(secret: str, event_id: str, body: bytes) -> dict[str, str]:
    """Svix's scheme v1: HMAC-SHA256 over ``id.time.body`` with the decoded secret, base64."""
    stamp = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"svix-id": event_id, "svix-timestamp": stamp, "svix-signature": signature}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events go; ``events`` are the beginnings of the types that it wants, all when empty."""

    url: str
    secret: str
    events: tuple[str, ...] = ()

    def wants(self, kind: str) -> bool:
        return not self.events or kind.startswith(self.events)


class Webhooks:
    """The endpoints, the last events, and the thread that delivers."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._endpoints: tuple[Endpoint, ...] = ()
        self._events: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._due: list[tuple[float, int, int, str, Endpoint]] = []
        self._number = itertools.count()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.deliveries: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def add_endpoint(self, url: str, secret: str, events: tuple[str, ...] = ()) -> None:
        """Deliver to ``url`` from now on; only this machine's loopback is allowed."""
        if urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ValueError("a stand-in sends webhooks to this machine only")
        self._endpoints = (*self._endpoints, Endpoint(url, secret, events))

    def clear(self) -> None:
        """No endpoints."""
        self._endpoints = ()

    def emit(self, event_id: str, kind: str, body: bytes) -> None:
        """Remember an event and send it to whoever wants it."""
        with self._wake:
            self._events[event_id] = (kind, body)
            while len(self._events) > KEPT:
                self._events.popitem(last=False)
        self._send(event_id, kind)

    def resend(self, event_id: str) -> bool:
        """The same event once more; False when it is no longer known."""
        known = self._events.get(event_id)
        if known is not None:
            self._send(event_id, known[0])
        return known is not None

    def event(self, event_id: str) -> bytes | None:
        """The body of a recent event."""
        known = self._events.get(event_id)
        return known[1] if known else None

    def recent(self) -> list[dict[str, str]]:
        """Id and type of the recent events, oldest first."""
        with self._wake:
            return [{"id": event_id, "type": kind} for event_id, (kind, _) in self._events.items()]

    def close(self) -> None:
        """Stop delivering."""
        with self._wake:
            self._closed = True
            self._wake.notify()

    def _send(self, event_id: str, kind: str) -> None:
        wanted = [endpoint for endpoint in self._endpoints if endpoint.wants(kind)]
        if not wanted:
            return
        with self._wake:
            for endpoint in wanted:
                heapq.heappush(self._due, (time.monotonic(), next(self._number), 0, event_id, endpoint))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
                self._thread.start()
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._closed and (not self._due or self._due[0][0] > time.monotonic()):
                    self._wake.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._closed:
                    return
                _, _, tries, event_id, endpoint = heapq.heappop(self._due)
                kind, body = self._events.get(event_id, ("", b""))
            status = self._post(endpoint, event_id, body)
            self.deliveries.append({"event": event_id, "type": kind, "status": status, "try": tries + 1})
            if not 200 <= status < 300 and tries + 1 < len(RETRIES):
                with self._wake:
                    due = time.monotonic() + RETRIES[tries + 1]
                    heapq.heappush(self._due, (due, next(self._number), tries + 1, event_id, endpoint))

    def _post(self, endpoint: Endpoint, event_id: str, body: bytes) -> int:
        parts = urlsplit(endpoint.url)
        headers = {"Content-Type": "application/json", **self._signer(endpoint.secret, event_id, body)}
        connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=15)
        try:
            connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()
