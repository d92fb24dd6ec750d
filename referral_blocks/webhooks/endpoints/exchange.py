"""One HTTP exchange with an endpoint: to a checked address, in bounded time, with a small answer, and no redirects.

Python's own http.client over a socket that is opened here: no name is looked up between the check and the connection,
no proxy, cookie, log-in or redirect of the surroundings comes in, and a receiver that sends a byte at a time is cut
off.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from requests.certs import where  # type: ignore[attr-defined]

from .address import BadAddress, NotFoundAddress, PrivateAddress, Target, addresses_of, read_url
from .models import MAX_ANSWER, Problem

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0  # between two pieces of the answer
WHOLE_SECONDS = 20.0  # from the first connection to the last piece
MAX_CONNECTIONS = 2  # of a host with many addresses
MAX_READ = 4 * MAX_ANSWER  # bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try. ``problem`` is empty for a success; ``status_code`` None where there was no answer."""

    problem: str
    status_code: int | None = None
    text: str = ""
    milliseconds: int = 0

    @property
    def nobody_there(self) -> bool:
        """Whether calling again soon, for any message, is likely to be in vain."""
        return self.problem not in ("", Problem.REDIRECT, Problem.STATUS) or self.status_code in (429, 502, 503, 504)


class _Overdue(Exception):
    """The whole exchange took longer than WHOLE_SECONDS."""


# The first that fits: a time-out is an OSError as well, and so is a bad certificate.
PROBLEMS: tuple[tuple[type[Exception], Problem], ...] = (
    (BadAddress, Problem.REFUSED_ADDRESS),
    (PrivateAddress, Problem.REFUSED_ADDRESS),
    (NotFoundAddress, Problem.NOT_FOUND),
    (_Overdue, Problem.TIMEOUT),
    (TimeoutError, Problem.TIMEOUT),
    (ssl.SSLError, Problem.TLS),
    (OSError, Problem.NO_CONNECTION),
    (http.client.HTTPException, Problem.PROTOCOL),
    (ValueError, Problem.PROTOCOL),
)


def post(url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
    """POST ``body``; never raises for what the other side does. Must not run inside a transaction."""
    began = time.monotonic()
    status, text = None, ""
    try:
        target = read_url(url)
        status, text = _exchange(target, addresses_of(target), headers, body)
        problem = "" if 200 <= status < 300 else Problem.REDIRECT if 300 <= status < 400 else Problem.STATUS
    except tuple(kind for kind, _problem in PROBLEMS) as error:
        problem = next(problem for kind, problem in PROBLEMS if isinstance(error, kind))
    return Answer(problem, status, text, int((time.monotonic() - began) * 1000))


def _exchange(target: Target, addresses: list[str], headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
    sock = _connected(addresses, target.port)
    overdue = threading.Event()

    def cut_off() -> None:
        overdue.set()
        _shut(sock)

    timer = threading.Timer(WHOLE_SECONDS, cut_off)
    timer.daemon = True
    timer.start()
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # if it ever had to open a socket itself, it fails
    try:
        if target.scheme == "https":
            # In two steps, so that whoever cuts it off has the socket in hand while hands are shaken.
            sock = tls_context().wrap_socket(sock, server_hostname=target.host, do_handshake_on_connect=False)
            sock.do_handshake()
        sock.settimeout(READ_SECONDS)
        connection.sock = sock
        connection.request("POST", target.path, body, {**headers, "Host": target.host_header, "Connection": "close"})
        response = connection.getresponse()
        if overdue.is_set():
            raise _Overdue  # cut off within its head, which the end of the connection then seems to end
        return response.status, _text(response)
    except Exception:
        if overdue.is_set():
            raise _Overdue from None
        raise
    finally:
        timer.cancel()
        _shut(sock)
        sock.close()
        connection.close()


def _connected(addresses: list[str], port: int) -> socket.socket:
    """A connection to the first of the addresses that takes one; raises OSError."""
    failed: OSError = OSError("no address")
    for address in addresses[:MAX_CONNECTIONS]:
        try:
            # The text of a number is never looked up.
            return socket.create_connection((address, port), CONNECT_SECONDS)
        except OSError as error:
            failed = error
    raise failed


def _shut(sock: socket.socket) -> None:
    """Wake whoever waits for the socket."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@cache
def tls_context() -> ssl.SSLContext:
    """Certificates and host names are checked, by the roots of the system and those that requests brings along."""
    context = ssl.create_default_context()
    context.load_verify_locations(where())
    return context


def _text(response: http.client.HTTPResponse) -> str:
    """What staff may read of an answer: no control characters, which no database and no page can hold. The status has
    decided, so that a body that breaks off is only not shown."""
    try:
        data = response.read(MAX_READ)
    except (OSError, http.client.HTTPException, ValueError):
        return ""
    text = "".join(c if c.isprintable() else " " for c in data.decode("utf-8", "replace"))
    return " ".join(text.split())[:MAX_ANSWER]
