"""Takes a person's accounts out of the messages of providers."""

from __future__ import annotations

from collections.abc import Sequence

from .models import ProviderEvent


def forget_accounts(*, references: Sequence[str]) -> None:
    """Blank the accounts with these references."""
    ProviderEvent.objects.filter(account__in=references).exclude(account="").update(account="")
