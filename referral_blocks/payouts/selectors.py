"""Reads payouts, what stops them, and whom they go to."""

from __future__ import annotations

import uuid

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from referral_blocks.people.models import Person

from .account import AccountStates, PayoutAccount
from .models import Payout, PayoutAttempt, PayoutState
from .policy import EVERYTHING, SendingStop
from .provider import Recipient
from .registry import is_registered, payout_provider


def due_payouts(*, limit: int) -> QuerySet[Payout]:
    """Payouts whose next try or look-up is due, and those whose task died in the middle (its lease is over); oldest
    first. What is stopped waits without being asked for again and again; what was sent is looked up all the same."""
    now = timezone.now()
    waiting = Q(state__in=(PayoutState.CONFIRMED, PayoutState.FAILED_RETRYABLE, PayoutState.UNKNOWN, PayoutState.SENT))
    abandoned = PayoutAttempt.objects.filter(payout=OuterRef("pk"), leased_until__lt=now)
    stuck = Q(Exists(abandoned), state=PayoutState.SENDING)
    due = Payout.objects.filter(waiting | stuck, next_try_at__lte=now, parked="")
    stopped = set(active_stops().values_list("provider", flat=True))
    may = ~Q(provider__in=stopped)
    if EVERYTHING in stopped:
        may &= Q(provider__in=_in_house(due))
    return due.filter(may | Q(state=PayoutState.SENT)).order_by("pk")[:limit]


def _in_house(due: QuerySet[Payout]) -> list[str]:
    known = due.values_list("provider", flat=True).distinct().order_by()
    return [alias for alias in known if is_registered(alias) and payout_provider(alias).capabilities.in_house]


def payout_by_reference(*, provider: str, ref: str = "", payout_id: str = "") -> Payout | None:
    """The provider's payout with this id of ours, or with this reference of its own, of an attempt's or its own."""
    mine = Payout.objects.filter(provider=provider)
    if payout_id:
        try:
            return mine.filter(public_id=uuid.UUID(payout_id)).first()
        except ValueError:
            return None
    if not ref:
        return None
    return mine.filter(Q(provider_ref=ref) | Q(attempts__provider_ref=ref)).first()


def waiting_count(*, provider: str) -> int:
    """How many of the provider's payouts are confirmed, and wait to be sent or to be sent again."""
    waiting = (PayoutState.CONFIRMED, PayoutState.FAILED_RETRYABLE)
    return Payout.objects.filter(provider=provider, state__in=waiting).count()


def active_stops() -> QuerySet[SendingStop]:
    """The stops that hold now."""
    return SendingStop.objects.filter(Q(until=None) | Q(until__gt=timezone.now()))


def is_stopped(*, payout: Payout) -> bool:
    """Whether nothing may be sent through the payout's provider now. What stays in the house is never stopped."""
    if payout_provider(payout.provider).capabilities.in_house:
        return False
    return active_stops().filter(provider__in=(EVERYTHING, payout.provider)).exists()


def account_of(*, person_id: int, provider: str) -> PayoutAccount | None:
    return PayoutAccount.objects.filter(person_id=person_id, provider=provider).first()


def needs_details(*, person_id: int, provider: str) -> bool:
    """Whether the provider cannot pay this person before they, or staff, have said where to."""
    if not is_registered(provider) or not payout_provider(provider).capabilities.needs_account:
        return False
    account = account_of(person_id=person_id, provider=provider)
    return account is None or account.state != AccountStates.READY


def recipient_of(*, payout: Payout) -> Recipient:
    """Who is paid, with the provider's own reference for them where there is one."""
    return recipient(person=payout.person, provider=payout.provider)


def recipient(*, person: Person, provider: str) -> Recipient:
    account = account_of(person_id=person.pk, provider=provider)
    return Recipient(
        name=person.name,
        email=person.email,
        account=account.reference if account else "",
        country=(account.country if account else "") or person.country,
    )
