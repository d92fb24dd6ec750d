"""Writes reversals: value that is taken back from a recipient through the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from .attempts import lease
from .models import Payout, PayoutReversal
from .provider import Outcome, PayoutResult
from .registry import is_registered, payout_provider

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LIVE = ("created", "unknown")
GOES_ON = (Outcome.FAILED_RETRYABLE, Outcome.UNKNOWN, Outcome.ACCEPTED)


def begin_reversal(*, payout: Payout, amount_minor: int, note: str, actor: User | None) -> PayoutReversal:
    """A reversal with its key; IntegrityError while another one of this payout is on its way."""
    return PayoutReversal.objects.create(payout=payout, amount_minor=amount_minor, note=note, actor=actor)


def record_reversal(*, reversal: PayoutReversal, result: PayoutResult) -> bool:
    """Write the provider's answer; False when nothing follows from it: it is not decided yet, or was before. In the
    caller's transaction, which holds the payout's lock."""
    outcome = "unknown" if result.outcome in GOES_ON else str(result.outcome)
    mine = PayoutReversal.objects.filter(pk=reversal.pk, outcome__in=LIVE)
    done = outcome not in LIVE
    if not mine.update(outcome=outcome, provider_ref=result.provider_ref, finished_at=timezone.now() if done else None):
        return False
    if outcome == Outcome.PAID:
        Payout.objects.filter(pk=reversal.payout_id).update(reversed_minor=F("reversed_minor") + reversal.amount_minor)
    return done


def open_reversal(*, payout: Payout) -> PayoutReversal | None:
    """The one without an answer, if there is one."""
    return payout.reversals.filter(outcome__in=LIVE).first()


def left_to_reverse(*, payout: Payout) -> int:
    """What the recipient still has of it, in minor units, less what is on its way back."""
    on_its_way = payout.reversals.filter(outcome__in=LIVE).aggregate(total=Sum("amount_minor"))["total"] or 0
    return payout.amount_minor - payout.reversed_minor - on_its_way


def is_forgotten(*, reversal: PayoutReversal) -> bool:
    """Whether the provider may have forgotten its key, so that using it again might take back twice."""
    window = payout_provider(reversal.payout.provider).capabilities.retry_window
    return reversal.created_at + window < timezone.now()


def stuck_reversals(*, limit: int) -> QuerySet[PayoutReversal]:
    """Reversals without an answer whose task is gone, oldest first."""
    gone = timezone.now() - lease()
    return PayoutReversal.objects.filter(outcome__in=LIVE, created_at__lt=gone).select_related("payout")[:limit]


def can_reverse(*, payout: Payout) -> bool:
    return is_registered(payout.provider) and payout_provider(payout.provider).capabilities.reverse
