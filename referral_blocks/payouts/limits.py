"""The caps of a day: a payout takes its room before its first word to the provider, and gives it back when nothing was
paid. The guarded UPDATE decides, so that no number of workers passes a cap."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime, timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money
from referral_blocks.programs.models import Program

from .models import Payout
from .policy import PayoutPolicy, SentCounter
from .registry import payout_provider


def policy_of(*, program_id: int, currency: str) -> PayoutPolicy:
    """The programme's limits in this currency; one that limits nothing where none are set."""
    found = PayoutPolicy.objects.filter(program_id=program_id, currency=currency).first()
    return found or PayoutPolicy(program_id=program_id, currency=currency)


def is_above_cap(*, program_id: int, amount: Money) -> bool:
    """Whether no day ever has room for so much."""
    policy = policy_of(program_id=program_id, currency=amount.currency)
    caps = (policy.daily_cap_minor, policy.person_cap_minor)
    return any(cap is not None and amount.amount_minor > cap for cap in caps)


def check_cap(*, program_id: int, amount: Money) -> None:
    """Raise InvalidInput where no day ever has room for so much."""
    if is_above_cap(program_id=program_id, amount=amount):
        raise InvalidInput(_("This is more than may be sent in a day. Raise the limit, then send it again."))


def today(*, program: Program) -> date:
    """The date on the programme's clock."""
    return timezone.now().astimezone(zoneinfo.ZoneInfo(program.time_zone)).date()


def next_day(*, program: Program) -> datetime:
    """When the programme's next day begins."""
    zone = zoneinfo.ZoneInfo(program.time_zone)
    tomorrow = today(program=program) + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)


def take_room(*, payout: Payout) -> bool:
    """Count the payout in today's caps; False, and nothing counted, when it would pass one. A payout that is counted
    stays so, also when it is tried again another day. Inside the transaction that holds the payout's lock."""
    if payout.counted_on is not None or payout_provider(payout.provider).capabilities.in_house:
        return True
    policy = policy_of(program_id=payout.program_id, currency=payout.currency)
    day = today(program=payout.program)
    whole, person = _keys(payout, day)
    if not _take(payout, whole, policy.daily_cap_minor):
        return False
    if not _take(payout, person, policy.person_cap_minor):
        _put_back(payout, whole)
        return False
    payout.counted_on = day
    payout.save(update_fields=["counted_on"])
    return True


def give_room_back(*, payout: Payout) -> None:
    """What was not paid is not counted. Inside the transaction that holds the payout's lock."""
    if payout.counted_on is None:
        return
    for key in _keys(payout, payout.counted_on):
        _put_back(payout, key)
    payout.counted_on = None
    payout.save(update_fields=["counted_on"])


def _keys(payout: Payout, day: date) -> tuple[str, str]:
    return f"{payout.currency}:{day}", f"{payout.currency}:{day}:{payout.person_id}"


def _take(payout: Payout, key: str, cap: int | None) -> bool:
    # Counted without a cap, too: one that is set later in the day starts from what was sent.
    counter, _created = SentCounter.objects.get_or_create(program_id=payout.program_id, key=key)
    room = SentCounter.objects.filter(pk=counter.pk)
    if cap is not None:
        room = room.filter(amount_minor__lte=cap - payout.amount_minor)
    return bool(room.update(amount_minor=F("amount_minor") + payout.amount_minor))


def _put_back(payout: Payout, key: str) -> None:
    counters = SentCounter.objects.filter(program_id=payout.program_id, key=key)
    counters.update(amount_minor=F("amount_minor") - payout.amount_minor)
