"""The operations that <referral-share> sends; a site that answers trusted documents only answers these too."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "documents"


@cache
def operations() -> dict[str, str]:
    """Name → text, as the script sends it: without line breaks, which only cost bytes."""
    return {file.stem: " ".join(file.read_text("utf-8").split()) for file in sorted(FOLDER.glob("*.graphql"))}


@cache
def by_hash() -> dict[str, str]:
    """SHA-256 → text."""
    return {hashlib.sha256(text.encode()).hexdigest(): text for text in operations().values()}
