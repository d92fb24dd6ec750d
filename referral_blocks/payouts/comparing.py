"""Compares our payouts with a provider's own list and writes down each difference; money is never changed by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Q
from django.utils import timezone

from referral_blocks.core.money import Money

from .models import Payout, PayoutAttempt, PayoutState
from .provider import Outcome, SentPayout
from .reconciliation import Difference, DifferenceKind, Reconciliation
from .reversals import LIVE

S = PayoutState
K = DifferenceKind
DONE = (Outcome.PAID, Outcome.ACCEPTED)
HAS_IT = (S.PAID, S.SENT)
OPEN = (S.SENDING, S.FAILED_RETRYABLE, S.UNKNOWN)  # tries and look-ups settle these
CHUNK = 500
CLOCKS = timedelta(hours=1)  # how far the provider's clock and ours may be apart
ON_ITS_WAY = timedelta(minutes=15)  # what was sent just now may not be in the list yet


def compare(*, reconciliation: Reconciliation, listed: Iterable[SentPayout]) -> int:
    """Write every difference between ``listed`` and our payouts since ``reconciliation.since``; returns how many.

    Rows are read and written in chunks; what is kept in memory is one number a payout.
    """
    started, seen, found, compared = timezone.now(), set[int](), 0, 0
    rows = iter(listed)
    while chunk := list(islice(rows, CHUNK)):
        ours = _ours(reconciliation.provider, chunk)
        new = [d for sent in chunk for d in _differences(sent, _match(sent, ours), seen)]
        found += _write(reconciliation, new)
        compared += len(chunk)
        Reconciliation.objects.filter(pk=reconciliation.pk).update(compared=compared)
    for missing in _missing(reconciliation, seen, until=started - ON_ITS_WAY):
        found += _write(reconciliation, missing)
    Reconciliation.objects.filter(pk=reconciliation.pk).update(finished_at=timezone.now())
    return found


def _ours(provider: str, chunk: list[SentPayout]) -> dict[str, Payout]:
    """By public id and by reference, those of this chunk."""
    ids = [sent.payout_id for sent in chunk if sent.payout_id]
    refs = [sent.provider_ref for sent in chunk if sent.provider_ref]
    mine = Payout.objects.filter(provider=provider).prefetch_related("reversals")
    found: dict[str, Payout] = {}
    for payout in mine.filter(public_id__in=ids):
        found[str(payout.public_id)] = payout
    attempts = PayoutAttempt.objects.filter(provider=provider, provider_ref__in=refs)
    by_attempt = dict(attempts.values_list("payout_id", "provider_ref"))
    for payout in mine.filter(pk__in=by_attempt):
        found[by_attempt[payout.pk]] = payout
    return found


def _match(sent: SentPayout, ours: dict[str, Payout]) -> Payout | None:
    return ours.get(sent.payout_id) or ours.get(sent.provider_ref)


def _differences(sent: SentPayout, payout: Payout | None, seen: set[int]) -> Iterator[Difference]:
    if payout is None:
        # What names no payout of ours was made by somebody else with the same account.
        if sent.payout_id:
            yield _difference(K.MISSING_HERE, sent, None, "", _said(sent))
        return
    if sent.outcome in DONE:
        if payout.pk in seen:
            yield _difference(K.TWICE, sent, payout, payout.provider_ref, sent.provider_ref)
            return
        seen.add(payout.pk)
    if not _agrees(payout, sent):
        yield _difference(K.STATE, sent, payout, payout.state, str(sent.outcome))
    if sent.amount != payout.amount:
        yield _difference(K.AMOUNT, sent, payout, _words(payout.amount), _words(sent.amount))
    taken = sum(r.amount_minor for r in payout.reversals.all() if r.outcome in LIVE)
    if not payout.reversed_minor <= sent.reversed_minor <= payout.reversed_minor + taken and sent.outcome in DONE:
        yield _difference(K.REVERSED, sent, payout, str(payout.reversed_minor), str(sent.reversed_minor))


def _agrees(payout: Payout, sent: SentPayout) -> bool:
    if payout.state in OPEN and not payout.parked:
        return True
    if sent.outcome in DONE:
        return payout.state in HAS_IT
    if sent.outcome == Outcome.RETURNED:
        return payout.state == S.RETURNED or payout.reversed_minor >= payout.amount_minor
    return payout.state not in HAS_IT


def _missing(reconciliation: Reconciliation, seen: set[int], *, until: datetime) -> Iterator[list[Difference]]:
    """Those that we have sent in that time and the list does not have."""
    sent = PayoutAttempt.objects.filter(
        Q(outcome__in=[str(o) for o in DONE]),
        provider=reconciliation.provider,
        payout__state__in=HAS_IT,
        created_at__gte=reconciliation.since + CLOCKS,
        finished_at__lt=until,
    )
    chunk: list[Difference] = []
    for attempt in sent.select_related("payout").order_by("pk").iterator(chunk_size=CHUNK):
        if attempt.payout_id in seen:
            continue
        payout = attempt.payout
        chunk.append(
            Difference(
                kind=K.MISSING_THERE, payout=payout, provider_ref=attempt.provider_ref,
                ours=f"{payout.state} {_words(payout.amount)}",
            )
        )  # fmt: skip
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    yield chunk


def _difference(kind: str, sent: SentPayout, payout: Payout | None, ours: str, theirs: str) -> Difference:
    return Difference(
        kind=kind, payout=payout, provider_ref=sent.provider_ref[:120], ours=ours[:120], theirs=theirs[:120]
    )


def _said(sent: SentPayout) -> str:
    return f"{sent.outcome} {_words(sent.amount)} {sent.payout_id}"


def _words(amount: Money) -> str:
    return f"{amount.amount_minor} {amount.currency}"


def _write(reconciliation: Reconciliation, differences: list[Difference]) -> int:
    for difference in differences:
        difference.reconciliation = reconciliation
    Difference.objects.bulk_create(differences)
    return len(differences)
