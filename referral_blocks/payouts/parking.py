"""A provider that cannot pay now – its balance is short, or it refuses us – is stopped by the machine for a while."""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils import timezone

from .policy import SendingStop, StopCause
from .stops import lift_stop, set_stop

logger = logging.getLogger(__name__)


def park_provider(*, provider: str, cause: str, note: str, until: datetime) -> bool:
    """Begin no payout of ``provider`` before ``until``; True when this is news: a stop that only goes on, because the
    first try after it met the same, is none. A person's stop stays as it is. In the caller's transaction."""
    if SendingStop.objects.filter(provider=provider, cause=cause).update(until=until, note=note):
        return False
    if not set_stop(provider=provider, cause=cause, note=note, until=until):
        return False
    logger.error("Payouts to %s are parked until %s: %s", provider, until.isoformat(timespec="minutes"), note)
    return True


def end_parking(*, provider: str) -> None:
    """It pays again: the machine's stop, whose time is over, goes; the next one will be news. Called after each payout
    that went well, so that it costs one query."""
    over = SendingStop.objects.filter(provider=provider, until__lte=timezone.now()).exclude(cause=StopCause.PERSON)
    if over.exists():
        lift_stop(provider=provider)
