"""State changes: one function, a locked row, a list of allowed steps, and an append-only audit row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from .agent import MAX_AGENT, present_agent
from .errors import NotPossibleNow

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class StateChange(models.Model):
    """One step of one row's life; a concept adds the foreign key ``subject``."""

    field = models.CharField(max_length=30, editable=False)
    from_state = models.CharField(max_length=30, editable=False)
    to_state = models.CharField(max_length=30, editable=False)
    reason = models.CharField(max_length=40, editable=False)
    note = models.TextField(blank=True, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    # Which system did it, by its API key; empty for people and for us.
    agent = models.CharField(max_length=MAX_AGENT, blank=True, default=present_agent, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.field}: {self.from_state} → {self.to_state}"


def lock(instance: models.Model) -> None:
    """Take the row lock and read the row afresh; inside a transaction only. SQLite's write lock is taken by the
    transaction itself (IMMEDIATE). The row's key stays, so that others may go on pointing foreign keys at it."""
    manager = type(instance)._default_manager
    fresh = manager.select_for_update(of=("self",), no_key=True).get(pk=instance.pk)
    for f in instance._meta.concrete_fields:
        setattr(instance, f.attname, getattr(fresh, f.attname))


def change_state(
    subject: Any,
    to: str,
    *,
    allowed: Mapping[str, set[str]],
    audit: type[StateChange],
    reason: str,
    field: str = "state",
    note: str = "",
    actor: User | None = None,
) -> bool:
    """Move the row ``subject`` to state ``to`` and write the audit row; False when it is there already.

    Raises NotPossibleNow when ``allowed`` (from → set of to) has no such step. The row is locked and read afresh first.
    """
    with transaction.atomic():
        lock(subject)
        current = getattr(subject, field)
        if current == to:
            return False
        if to not in allowed.get(current, set()):
            words = dict(subject._meta.get_field(field).flatchoices)
            raise NotPossibleNow(
                _("This is “%(current)s” and cannot become “%(to)s”.")
                % {"current": words.get(current, current), "to": words.get(to, to)}
            )
        setattr(subject, field, to)
        subject.save(update_fields=[field])
        audit._default_manager.create(  # type: ignore[misc]
            subject=subject, field=field, from_state=current, to_state=to, reason=reason, note=note, actor=actor
        )
    return True
