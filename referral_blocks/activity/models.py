"""The feed's rows, written in the transaction of what they tell of: an outbox, of which a rollback leaves nothing."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class Activity(models.Model):
    """One thing that has happened. It holds ids only: nothing personal, no amount, no secret.

    ``transaction`` is PostgreSQL's number of the writing transaction (0 on SQLite). Ids are given out before commits,
    so that a reader who remembers the highest id would miss what commits late: see cursor.py.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    transaction = models.BigIntegerField(default=0, editable=False)
    site = models.ForeignKey(
        "wagtailcore.Site", on_delete=models.CASCADE, related_name="+", db_index=False, editable=False
    )
    program = models.ForeignKey(
        "referral_blocks.Program", on_delete=models.CASCADE, related_name="+", db_index=False, editable=False
    )
    # Whose standing it changes; None where it is no referrer's.
    referrer = models.ForeignKey(
        "referral_blocks.Referrer",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        editable=False,
    )
    kind = models.CharField(max_length=40, editable=False)  # one of kinds.Kind
    # What it happened to: "sale", "reward" …, and its public id, or its key where it has none.
    subject_type = models.CharField(max_length=20, editable=False)
    subject_id = models.CharField(max_length=36, editable=False)
    occurred_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["transaction", "id"]
        indexes = [
            models.Index(fields=["transaction", "id"], name="rb_activity_feed"),
            models.Index(fields=["program", "transaction", "id"], name="rb_activity_program"),
            models.Index(fields=["referrer", "transaction", "id"], name="rb_activity_referrer"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"
