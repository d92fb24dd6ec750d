"""The socket of payout providers: what a provider is asked and what it may answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import import_string

from referral_blocks.core.conf import get_conf
from referral_blocks.core.money import Money


class Outcome(StrEnum):
    """What a provider's answer means for the payout."""

    PAID = "paid"
    ACCEPTED = "accepted"  # the provider has it; it is paid later
    FAILED_RETRYABLE = "failed_retryable"  # ask again with the same key
    FAILED_FINAL = "failed_final"  # proven not paid
    UNKNOWN = "unknown"  # it may have been paid


@dataclass(frozen=True, slots=True)
class Recipient:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    """One payout to send. ``idempotency_key`` and ``body`` are the same at every try of one attempt."""

    payout_id: str
    idempotency_key: str
    amount: Money
    recipient: Recipient
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PayoutResult:
    """A provider's answer; ``response`` is stored, so it must hold no secret."""

    outcome: Outcome
    provider_ref: str = ""
    response: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""


class PayoutProvider(ABC):
    """One way to move value; registered by alias in REFERRAL_BLOCKS["PAYOUT_PROVIDERS"]."""

    label: str | Promise
    # Whether part of an amount can be sent: only then is what a person owes netted from the payout.
    divisible: bool = False
    # How long the provider remembers a key: after that a second try with it might pay twice, so a person has to look.
    # The default is below the shortest window that a provider documents (24 hours).
    retry_window: timedelta = timedelta(hours=20)

    @abstractmethod
    def body(self, *, title: str, instructions: str) -> dict[str, Any]:
        """What will be asked of the provider besides amount and recipient, as JSON; frozen before the first try."""

    @abstractmethod
    def send(self, request: PayoutRequest) -> PayoutResult:
        """Ask the provider; called outside any transaction and possibly again with the same key, which must then have
        no second effect."""


def payout_provider(alias: str) -> PayoutProvider:
    """The provider registered under ``alias``; raises KeyError for one that the host has removed."""
    provider: type[PayoutProvider] = import_string(get_conf().PAYOUT_PROVIDERS[alias])
    return provider()


def payout_provider_choices() -> list[tuple[str, str | Promise]]:
    """All registered providers for a select field."""
    return [(alias, import_string(path).label) for alias, path in get_conf().PAYOUT_PROVIDERS.items()]
