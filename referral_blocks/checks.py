"""System checks: a host site learns at start what would lose or double work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from .blocks.starter import Starter
from .core.conf import get_conf
from .core.queue import configuration_problems, longest_task
from .fraud.check import FraudCheck
from .payouts.provider import PayoutProvider
from .payouts.registry import payout_provider
from .rewards.rule import RewardKind
from .sales.source import SaleSource

SOCKETS: dict[str, type] = {
    "FRAUD_CHECKS": FraudCheck,
    "PAYOUT_PROVIDERS": PayoutProvider,
    "REWARD_KINDS": RewardKind,
    "SALE_SOURCES": SaleSource,
}


@checks.register()
def check_settings(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """REFERRAL_BLOCKS holds known keys only."""
    try:
        get_conf()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="referral_blocks.E001")]
    return []


@checks.register()
def check_plugs(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """What the host has plugged in can be imported and fits its socket."""
    try:
        conf = get_conf()
    except ImproperlyConfigured:
        return []  # check_settings has said so
    return [
        checks.Error(f"REFERRAL_BLOCKS[{name!r}][{alias!r}]: {problem}", id="referral_blocks.E002")
        for name, socket in SOCKETS.items()
        for alias, entry in getattr(conf, name).items()
        for problem in _misfits(entry, socket)
    ]


def _misfits(entry: object, socket: type) -> Iterator[str]:
    """At most one sentence about ``entry``: a dotted path, or ``{"path": …, "options": {…}}``."""
    path = entry.get("path") if isinstance(entry, Mapping) else entry
    if not isinstance(path, str):
        yield 'give a dotted path, or {"path": "…", "options": {…}}.'
        return
    try:
        plug = import_string(path)
    except Exception as error:  # noqa: BLE001 - whatever the module does when it is imported
        yield f"{path} cannot be imported: {error}"
        return
    if not (isinstance(plug, type) and issubclass(plug, socket)):
        yield f"{path} is no subclass of {socket.__module__}.{socket.__name__}."


@checks.register()
def check_starters(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """What owners are offered to begin from can be imported, and is a Starter: these are objects, not classes."""
    try:
        entries = get_conf().STARTERS
    except ImproperlyConfigured:
        return []  # check_settings has said so
    problems = []
    for alias, path in entries.items():
        try:
            fits = isinstance(import_string(path), Starter)
        except Exception as error:  # noqa: BLE001 - whatever the module does when it is imported
            problems.append(f"REFERRAL_BLOCKS['STARTERS'][{alias!r}]: {path} cannot be imported: {error}")
            continue
        if not fits:
            problems.append(f"REFERRAL_BLOCKS['STARTERS'][{alias!r}]: {path} is no {Starter.__module__}.Starter.")
    return [checks.Error(problem, id="referral_blocks.E002") for problem in problems]


@checks.register()
def check_queue(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Q_CLUSTER is fit for work that moves money."""
    return [checks.Warning(problem, id="referral_blocks.W001") for problem in configuration_problems()]


@checks.register()
def check_encryption(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """In production, gift cards are encrypted under keys of their own."""
    try:
        conf = get_conf()
        plugs = [import_string(e if isinstance(e, str) else e["path"]) for e in conf.PAYOUT_PROVIDERS.values()]
    except Exception:  # noqa: BLE001 - whatever it is, the other checks have said so
        return []
    if settings.DEBUG or conf.ENCRYPTION_KEYS or not any(getattr(plug, "stores_cards", False) for plug in plugs):
        return []
    text = (
        'A payout provider keeps gift cards: set REFERRAL_BLOCKS["ENCRYPTION_KEYS"], or whoever changes SECRET_KEY and '
        "does not keep the old one in SECRET_KEY_FALLBACKS loses them."
    )
    return [checks.Warning(text, id="referral_blocks.W002")]


@checks.register()
def check_payout_times(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A task that talks to a provider ends, or is ended, before another one takes its payout over."""
    try:
        conf = get_conf()
        called = {alias: payout_provider(alias).capabilities.longest_call for alias in conf.PAYOUT_PROVIDERS}
    except Exception:  # noqa: BLE001 - whatever it is, the other checks have said so
        return []
    limit = longest_task()
    if limit is None:
        return []  # the check of the queue has said so
    problems = [
        f"Payout provider “{alias}” may take {longest.total_seconds():.0f} s to answer: let its own time-outs and "
        f'retries end before Q_CLUSTER["timeout"], {limit} s, which leaves payouts in the middle.'
        for alias, longest in called.items()
        if longest is not None and longest.total_seconds() >= limit
    ]
    if limit >= conf.PAYOUT_LEASE_SECONDS:
        problems.append(
            'REFERRAL_BLOCKS["PAYOUT_LEASE_SECONDS"] has to exceed Q_CLUSTER["timeout"], or two tasks talk about one '
            "payout."
        )
    return [checks.Warning(problem, id="referral_blocks.W003") for problem in problems]
