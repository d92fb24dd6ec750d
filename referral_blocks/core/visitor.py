"""Who is at the other end of a request, as far as that may be known: an address as a keyed hash, and bots."""

from __future__ import annotations

from functools import lru_cache

from crawleruseragents import is_crawler
from django.http import HttpRequest

from .conf import get_conf
from .hashing import keyed_hash

PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


def ip_hash(request: HttpRequest) -> str:
    """A keyed hash of the visitor's address; the address itself is never kept."""
    return keyed_hash("ip", client_ip(request))


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
