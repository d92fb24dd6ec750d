"""Who is at the other end of a request, as far as that may be known: an address as a keyed hash, and bots."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from crawleruseragents import is_crawler
from django.http import HttpRequest

from .conf import get_conf
from .hashing import keyed_hash

PORT = re.compile(r":[0-9]+$")
PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


def ip_hash(request: HttpRequest) -> str:
    """A keyed hash of the visitor's address; the address itself is never kept."""
    return keyed_hash("ip", network_of(client_ip(request)))


def network_of(address: str) -> str:
    """What stands for one visitor: of IPv6 the first 64 bits, for the rest is theirs to choose, anew with each request
    (RFC 4941). Some proxies write a port behind the address: it is none of it."""
    host = PORT.sub("", address) if address.count(":") == 1 else address.removeprefix("[").partition("]")[0]
    try:
        found = ip_address(host)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        # Not by IPv6Network: it is made in every request.
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)


def client_ip(request: HttpRequest) -> str:
    """The visitor's address. X-Forwarded-For is believed only as far as TRUSTED_PROXIES says, counted from the right:
    everything further left was sent by the visitor."""
    trusted = get_conf().TRUSTED_PROXIES
    hops = [h.strip() for h in request.headers.get("X-Forwarded-For", "").split(",") if h.strip()]
    if trusted and len(hops) >= trusted:
        return hops[-trusted]
    return request.META.get("REMOTE_ADDR", "")


def not_a_visit(request: HttpRequest, *, methods: tuple[str, ...] = ("GET",)) -> str | None:
    """Why this request is no human visit (``method``, ``prefetch`` or ``bot``), or None for one that counts."""
    if request.method not in methods:
        return "method"
    purposes = " ".join(request.headers.get(name, "") for name in PREFETCH_HEADERS).lower()
    if any(word in purposes for word in ("prefetch", "prerender", "preview")):
        return "prefetch"
    return "bot" if _is_bot(request.headers.get("User-Agent", "")[:500]) else None


@lru_cache(maxsize=4096)
def _is_bot(user_agent: str) -> bool:
    # The package's list holds crawlers, monitors and the link-preview fetchers of messengers and social networks.
    # A headless Chrome is a whole browser that somebody drives, most often the site's own developer: it counts.
    return not user_agent or is_crawler(user_agent.replace("HeadlessChrome", "Chrome"))
