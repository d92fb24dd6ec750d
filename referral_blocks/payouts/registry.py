"""Which payout providers the host has chosen: one instance an alias, made when it is first asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_variables

from referral_blocks.core.conf import get_conf

from .provider import PayoutProvider

# By process too: a connection that was open before a fork must not be shared after it.
_made: dict[tuple[int, str], tuple[object, PayoutProvider]] = {}


@sensitive_variables("entry", "made")
def payout_provider(alias: str) -> PayoutProvider:
    """The provider registered under ``alias``; raises KeyError for one that the host has removed."""
    entry = get_conf().PAYOUT_PROVIDERS[alias]
    made = _made.get((os.getpid(), alias))
    if made is None or made[0] is not entry:
        made = _made[os.getpid(), alias] = (entry, _make(entry))
    return made[1]


def is_registered(alias: str) -> bool:
    return alias in get_conf().PAYOUT_PROVIDERS


def payout_provider_choices() -> list[tuple[str, str | Promise]]:
    """All registered providers for a select field; a second account of one provider is told apart by its alias."""
    choices = [(alias, import_string(_path(entry)).label) for alias, entry in get_conf().PAYOUT_PROVIDERS.items()]
    labels = [label for _alias, label in choices]
    return [(alias, f"{label} ({alias})" if labels.count(label) > 1 else label) for alias, label in choices]


def _path(entry: str | Mapping[str, Any]) -> str:
    return entry if isinstance(entry, str) else entry["path"]


@sensitive_variables("entry")
def _make(entry: str | Mapping[str, Any]) -> PayoutProvider:
    provider: type[PayoutProvider] = import_string(_path(entry))
    return provider(**({} if isinstance(entry, str) else entry.get("options", {})))
