"""Sets the clock back, so that the demo's story of some weeks is told by the flows themselves in a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from django.utils import timezone

_now = timezone.now


@contextmanager
def days_ago(days: float) -> Iterator[None]:
    """Whatever asks Django for the time in here is told one that is past. Only while nothing else runs in this process:
    the demo loads before its site is up."""
    past = _now() - timedelta(days=days)
    with patch.object(timezone, "now", lambda: past):
        yield
