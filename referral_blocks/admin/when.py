"""Moments as staff read them."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime


def when(moment: datetime | None) -> str:
    """Date and time in the active time zone and language; a dash for none."""
    return date_format(localtime(moment), "DATETIME_FORMAT") if moment else "–"
