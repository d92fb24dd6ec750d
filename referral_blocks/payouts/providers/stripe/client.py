"""The connection to Stripe: one client a process and key, made when it is first needed."""

from __future__ import annotations

import logging
import os
import threading
from datetime import timedelta

import stripe

# Seconds to connect and to read. With the retries all of it stays below the queue's time-out for a task.
TIMEOUT = (5, 25)
RETRIES = 2
LONGEST_CALL = timedelta(seconds=(RETRIES + 1) * sum(TIMEOUT) + RETRIES * 5)  # the SDK waits 5 s between two at most

_clients: dict[tuple[int, str, str], stripe.StripeClient] = {}
_lock = threading.Lock()


def _says_nothing_private(record: logging.LogRecord) -> bool:
    """The SDK logs addresses at INFO, a customer's e-mail in them, and whole answers at DEBUG, promotion codes and
    onboarding links in them."""
    return record.levelno >= logging.WARNING


def _names_nobody(record: logging.LogRecord) -> bool:
    """Customers are found by their e-mail, which urllib3 logs with the address at DEBUG."""
    args = record.args if isinstance(record.args, tuple) else ()
    return not any(isinstance(arg, str) and "/customers?" in arg for arg in args)


logging.getLogger("stripe").addFilter(_says_nothing_private)
logging.getLogger("urllib3.connectionpool").addFilter(_names_nobody)


class Connection:
    """An account at Stripe; what it prints as never holds its key. ``api_url`` leads to a stand-in instead."""

    __slots__ = ("_api_key", "_api_url")

    def __init__(self, api_key: str, api_url: str = "") -> None:
        self._api_key = api_key
        self._api_url = api_url.rstrip("/")

    def __repr__(self) -> str:
        return f"<Connection {self._api_url or 'api.stripe.com'}>"

    def client(self) -> stripe.StripeClient:
        """Shared by all threads of this process: the SDK keeps one session a thread. Not shared with the process that
        this one was forked from."""
        place = (os.getpid(), self._api_key, self._api_url)
        with _lock:
            if place not in _clients:
                _clients[place] = self._make()
            return _clients[place]

    def _make(self) -> stripe.StripeClient:
        # Left out, the client would not retry at all, whatever the SDK's global setting says.
        http = stripe.RequestsClient(timeout=TIMEOUT)
        if not self._api_url:
            return stripe.StripeClient(self._api_key, max_network_retries=RETRIES, http_client=http)
        url = self._api_url
        return stripe.StripeClient(
            self._api_key,
            max_network_retries=RETRIES,
            http_client=http,
            base_addresses={"api": url, "connect": url, "files": url, "meter_events": url},
        )
