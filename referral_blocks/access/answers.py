"""The first answer to a request that must not be carried out twice, kept under the caller's Idempotency-Key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.crypto import CannotDecrypt, decrypt, encrypt
from referral_blocks.core.hashing import keyed_hash

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=120)  # above any server's time-out: whoever has not answered by then has died


class KeptAnswer(models.Model):
    """One key of one caller; without an answer while the first request runs, or after it died."""

    key_hash = models.CharField(max_length=32, unique=True)  # of the caller and the key
    fingerprint = models.CharField(max_length=32)  # of what was asked
    answer = models.BinaryField(null=True)  # encrypted: it may hold what only the caller may read
    locked_until = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")

    def __str__(self) -> str:
        return self.key_hash


@dataclass(frozen=True, slots=True)
class Claim:
    """The request is to be carried out; its row is ours until ``locked_until``."""

    pk: int
    locked_until: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """It was carried out before, with this answer."""

    answer: str


@dataclass(frozen=True, slots=True)
class Busy:
    """The first one is being carried out; in ``seconds`` at the latest its row is free."""

    seconds: int


class Reused(Exception):
    """The key came before with something else."""


def claim_answer(*, caller: str, key: str, asked: str) -> Claim | Replay | Busy:
    """Whether the request is to be carried out now. Of two at once exactly one gets the Claim: a unique row decides.
    Raises Reused. Must not run inside a transaction, or the other would wait for its end."""
    key_hash = keyed_hash("idempotency-key", f"{caller}\n{key}")
    fingerprint = keyed_hash("idempotent-request", asked)
    while True:
        now = timezone.now()
        fresh = {"fingerprint": fingerprint, "answer": None, "locked_until": now + LEASE, "expires_at": now + KEPT}
        try:
            with transaction.atomic():
                return Claim(KeptAnswer.objects.create(key_hash=key_hash, **fresh).pk, now + LEASE)
        except IntegrityError:
            row = KeptAnswer.objects.filter(key_hash=key_hash).first()
        if row is None:
            continue  # it was released in between
        answer = _readable(row)
        if row.expires_at > now:
            if row.fingerprint != fingerprint:
                raise Reused
            if answer is not None:
                return Replay(answer)
            if row.locked_until > now:
                return Busy(max(1, int((row.locked_until - now).total_seconds())))
        # Too old, or whoever carried it out has died: the first to say so takes it over.
        if KeptAnswer.objects.filter(pk=row.pk, locked_until=row.locked_until).update(**fresh):
            return Claim(row.pk, now + LEASE)


def keep_answer(*, claim: Claim, answer: str) -> bool:
    """Keep the answer for later requests; False when the claim was taken over meanwhile."""
    return bool(_of(claim).update(answer=encrypt(answer)))


def release_answer(*, claim: Claim) -> None:
    """Nothing was done: the next request with this key is the first."""
    _of(claim).delete()


def forget_answers(*, limit: int) -> int:
    """Delete what is older than KEPT; returns how many."""
    old = KeptAnswer.objects.filter(expires_at__lt=timezone.now()).order_by("pk")[:limit]
    return KeptAnswer.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]


def _of(claim: Claim) -> models.QuerySet[KeptAnswer]:
    return KeptAnswer.objects.filter(pk=claim.pk, locked_until=claim.locked_until, answer=None)


def _readable(row: KeptAnswer) -> str | None:
    """None where there is no answer yet, or where its encryption key was taken away: the flows themselves do nothing
    twice, so carrying it out again is safe."""
    try:
        return None if row.answer is None else decrypt(row.answer)
    except CannotDecrypt:
        return None
