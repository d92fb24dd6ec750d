"""Default texts of blocks, written in the editor's language when a block is added."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.functional import Promise


def words(text: Promise) -> Callable[[], str]:
    """A block default from a lazy translation: looked up when a block is made, and stored as plain text."""
    return lambda: str(text)


def web_address(text: str) -> str:
    """The address if it leads to the web, else nothing: stored content may come from elsewhere than the editor."""
    url = text.strip()
    return url if url.lower().startswith(("https://", "http://")) else ""
