"""Which addresses this server may call: public ones only, whatever a host name says the next time it is asked.

Our server stands inside networks that strangers cannot reach, and endpoints are addresses that people type: without
this check they could make it call what only it can reach (OWASP, “Server-Side Request Forgery Prevention”).
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from referral_blocks.core.conf import get_conf

from .models import MAX_URL

LOOK_UP_SECONDS = 5.0
MAX_ADDRESSES = 8
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Where networks without IPv4 see the IPv4 internet: the last 32 bits are the address (RFC 6052 §2.1).
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# What the ranges of ipaddress do not say: ways to reach IPv4 through IPv6, relays, and names for routers' own use.
EXTRA = tuple(
    ipaddress.ip_network(text)
    for text in (
        "64:ff9b:1::/48",  # a network’s own NAT64
        "2002::/16", "192.88.99.0/24",  # 6to4, the same
        "2001::/23",  # Teredo, ORCHID and other protocols' own
        "::/96",  # IPv4-compatible, long given up
        "fec0::/10", "5f00::/16", "3fff::/20",  # site-local, segment routing, documentation
        "192.0.0.0/24", "100.64.0.0/10",  # protocols' own, carriers' own
    )
)  # fmt: skip


class BadAddress(Exception):
    """The URL is none that can be called at all."""


class NotFoundAddress(Exception):
    """The host name has no address now."""


class PrivateAddress(Exception):
    """The host name leads, with at least one of its addresses, where this server must not call."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in its parts, which are both checked and called: no second parser can read it in another way."""

    scheme: str
    host: str  # ASCII, lower case, without brackets
    port: int
    path: str  # with the query

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


def read_url(url: str) -> Target:
    """The parts of an endpoint's URL; raises BadAddress for anything but https (outside development), for user names,
    fragments and what no URL may hold."""
    if len(url) > MAX_URL or not url.isascii() or any(c <= " " or c in '\x7f\\"<>^`{|}' for c in url):
        raise BadAddress
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        raise BadAddress from None
    schemes = ("https", "http") if plain_http_allowed() else ("https",)
    if parts.scheme not in schemes or not host or len(host) > 253 or "@" in parts.netloc or "#" in url or port == 0:
        raise BadAddress
    if ":" not in host and not all(0 < len(label) <= 63 for label in host.split(".")):
        raise BadAddress
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def plain_http_allowed() -> bool:
    """Only on a developer's machine."""
    return settings.DEBUG or get_conf().WEBHOOK_PRIVATE_NETWORKS


def addresses_of(target: Target) -> list[str]:
    """The addresses that may be called, as texts of numbers. Raises PrivateAddress when any one is not public, and
    NotFoundAddress. Whoever connects has to use these, and never the name."""
    found = _look_up(target.host, target.port)
    if not found:
        raise NotFoundAddress
    if not get_conf().WEBHOOK_PRIVATE_NETWORKS and not all(is_public(address) for address in found):
        raise PrivateAddress
    return [str(address) for address in found[:MAX_ADDRESSES]]


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could call it; an IPv4 address inside an IPv6 one counts as itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.scope_id is not None:
            return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    if special or address.is_private or address.is_link_local or not address.is_global:
        return False
    return not any(address in network for network in EXTRA)


def _look_up(host: str, port: int) -> list[Address]:
    """What the resolver says, each once, in its order; nothing after LOOK_UP_SECONDS."""
    answers = _within(LOOK_UP_SECONDS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    found = (ipaddress.ip_address(str(answer[4][0])) for answer in answers)
    return list(dict.fromkeys(found))


def _within(seconds: float, ask: Callable[[], list[tuple]]) -> list[tuple]:
    """The resolver of the system knows no time-out of ours: it is asked in a thread that is left behind."""
    answers: list[tuple] = []

    def work() -> None:
        try:
            answers.extend(ask())
        except (OSError, UnicodeError, ValueError):
            answers.clear()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    return list(answers)
