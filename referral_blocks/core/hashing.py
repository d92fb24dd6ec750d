"""Keyed hashes, for what must be compared but not kept."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.utils.crypto import salted_hmac


def keyed_hash(purpose: str, value: str) -> str:
    """32 hex digits that only this site can compute again (keyed with SECRET_KEY); empty for an empty value."""
    return salted_hmac(f"referral_blocks.{purpose}", value, algorithm="sha256").hexdigest()[:32] if value else ""


def content_hash(content: Any) -> str:
    """SHA-256 of ``content`` as canonical JSON: the same for the same values, whatever the order of keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
