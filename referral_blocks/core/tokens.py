"""Signed, expiring tokens; each purpose has its own salt, so that one can never stand in for another."""

from __future__ import annotations

from typing import Any

from django.core import signing

MAX_LENGTH = 2_000  # longer input is not even parsed


def make_token(purpose: str, payload: Any) -> str:
    """A URL-safe token that carries ``payload`` (JSON types only) in clear: sign ids, never secrets."""
    return signing.dumps(payload, salt=f"referral_blocks.{purpose}", compress=False)


def read_token(purpose: str, token: str, *, max_age: int) -> Any | None:
    """What ``make_token`` was given, or None for a token that is forged, of another purpose or older than ``max_age``
    seconds."""
    if not token or len(token) > MAX_LENGTH:
        return None
    try:
        return signing.loads(token, salt=f"referral_blocks.{purpose}", max_age=max_age)
    except (signing.BadSignature, ValueError):
        return None
