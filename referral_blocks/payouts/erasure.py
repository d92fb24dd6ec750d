"""What of a person's payouts is still on its way; and, once nothing is, takes the person out of them."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from referral_blocks.core.conf import get_conf

from .account import PayoutAccount
from .models import Payout, PayoutAttempt, PayoutChange, PayoutReversal, PayoutState
from .registry import payout_provider
from .reversals import LIVE

NOT_BEGUN = (PayoutState.DRAFT, PayoutState.CONFIRMED)
UNDER_WAY = (PayoutState.SENDING, PayoutState.SENT, PayoutState.UNKNOWN, PayoutState.FAILED_RETRYABLE)


def not_begun(*, person_id: int) -> QuerySet[Payout]:
    """Payouts that can still be called off."""
    return Payout.objects.filter(person_id=person_id, state__in=NOT_BEGUN).order_by("pk")


def on_their_way(*, person_id: int) -> QuerySet[Payout]:
    """Payouts that a provider or staff are busy with, those that are being taken back too: their recipient's details
    are needed until they have arrived or failed."""
    back = PayoutReversal.objects.filter(outcome__in=LIVE).values("payout")
    busy = Q(state__in=UNDER_WAY) | Q(pk__in=back)
    return Payout.objects.filter(busy, person_id=person_id).order_by("pk")


def account_references(*, person_id: int) -> list[str]:
    """The providers' ids of the person's accounts."""
    accounts = PayoutAccount.objects.filter(person_id=person_id).exclude(reference="")
    return list(accounts.values_list("reference", flat=True))


def forget_recipient(*, person_id: int) -> None:
    """Delete the accounts, and blank what was said to providers and about the payouts. The references under which
    providers have the payouts stay: by them the books are compared. Only when nothing is on its way."""
    PayoutAccount.objects.filter(person_id=person_id).delete()
    PayoutAttempt.objects.filter(payout__person_id=person_id).update(request={}, response={})
    theirs = Payout.objects.filter(person_id=person_id).order_by().values("pk")
    PayoutChange.objects.filter(subject__in=theirs).exclude(note="").update(note="")
    PayoutReversal.objects.filter(payout__in=theirs).exclude(note="").update(note="")


def tell_providers(*, person_id: int) -> None:
    """Let each registered provider erase what its own tables say of the person."""
    for alias in get_conf().PAYOUT_PROVIDERS:
        payout_provider(alias).forget_person(person_id)
