"""The socket of payout providers: what a provider is asked, what it may answer, and what it can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise

from referral_blocks.core.money import Money


class Outcome(StrEnum):
    """What a provider's answer means for the payout."""

    PAID = "paid"
    ACCEPTED = "accepted"  # the provider has it; it is paid later
    NEEDS_ACTION = "needs_action"  # proven not paid: the recipient has to do something first
    NOT_NOW = "not_now"  # proven not paid: ask again later with a new key, such as when the balance is short
    FAILED_RETRYABLE = "failed_retryable"  # ask again with the same key
    FAILED_FINAL = "failed_final"  # proven not paid
    UNKNOWN = "unknown"  # it may have been paid
    RETURNED = "returned"  # only as what a look-up finds: it was paid, and all of it came back


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do, as plain facts; currencies are ISO 4217 codes, amounts minor units by currency."""

    currencies: frozenset[str] | None = None  # None: all
    minimum_minor: Mapping[str, int] = field(default_factory=dict)
    maximum_minor: Mapping[str, int] = field(default_factory=dict)
    whole_amounts: bool = False  # only whole major units
    # Whether part of an amount can be sent: only then is what a person owes netted from the payout.
    divisible: bool = False
    # Whether several rewards of one person may go out as one payout.
    gathers: bool = False
    # Nothing of value leaves the house when it is sent: no run, no switch, no cap stands before it.
    in_house: bool = False
    needs_account: bool = False  # the recipient has to be known to the provider before anything can be sent
    read_back: bool = False  # look_up and sent_since
    reverse: bool = False
    webhooks: bool = False
    # How long the provider remembers a key: after that a second try with it might pay twice, so the payout is looked up
    # instead. The default is below the shortest window that a provider documents (24 hours).
    retry_window: timedelta = timedelta(hours=20)
    # How long one call may take at worst, its own retries included; a check compares it with the queue's time-out.
    longest_call: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is paid. ``account`` is the provider's own reference for them (see PayoutAccount), where it needs one."""

    name: str
    email: str
    account: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """What a payout is about, before its first word to the provider. ``options`` are the reward rule's choices for this
    provider, as ``clean_options`` returned them."""

    payout_id: str
    amount: Money
    recipient: Recipient
    title: str
    instructions: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    """One payout to send. ``idempotency_key`` and ``body`` are the same at every try of one attempt.

    ``tried_before`` says that an earlier try with this key may have reached the provider: what refuses this try alone,
    such as a key of ours that is no longer valid, then proves nothing about the payout.
    """

    payout_id: str
    idempotency_key: str
    amount: Money
    recipient: Recipient
    body: Mapping[str, Any]
    tried_before: bool = True


@dataclass(frozen=True, slots=True)
class PayoutResult:
    """A provider's answer; ``response`` and ``message`` are stored and shown to staff, so they must hold no secret.

    ``retry_after`` is the provider's own wish, where it told one; with NOT_NOW it parks everything for this provider.
    ``refused`` says with NOT_NOW that the provider refuses us, such as for our key; else our balance is short.
    """

    outcome: Outcome
    provider_ref: str = ""
    response: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    retry_after: timedelta | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class SentPayout:
    """A payout as the provider's own books have it."""

    provider_ref: str
    payout_id: str  # empty where the provider's books do not say
    amount: Money
    outcome: Outcome
    created_at: datetime
    reversed_minor: int = 0


@dataclass(frozen=True, slots=True)
class ReversalRequest:
    """Take ``amount`` of a payout back from its recipient."""

    payout_id: str
    provider_ref: str
    idempotency_key: str
    amount: Money


class AccountState(StrEnum):
    """How far a recipient's account with a provider is."""

    ONBOARDING = "onboarding"  # the recipient has not told everything yet
    READY = "ready"
    RESTRICTED = "restricted"  # the provider has stopped it, or asks for more
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """A recipient's account as the provider has it. ``destinations`` tell one bank account or card from another; they
    are kept as keyed hashes only."""

    reference: str
    state: AccountState
    destinations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What a verified message says has changed; never what it has changed to: that is read from the provider."""

    event_id: str
    kind: str
    provider_ref: str = ""
    payout_id: str = ""
    account: str = ""


class WebhookRefused(Exception):
    """A message that is not believed; ``reason`` is “forged”, “stale” or “malformed”, and is counted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderUnavailable(Exception):
    """What is read from, or set up with, the provider could not be: it gave no answer, or it refuses us. The message is
    for staff and holds no secret. Never raised for a payout, whose results say all of it."""


class NotSupported(NotImplementedError):
    """The provider cannot do this; its capabilities say so."""


class PayoutProvider(ABC):
    """One way to move value; registered by alias in REFERRAL_BLOCKS["PAYOUT_PROVIDERS"].

    One instance serves a whole process, its threads included. Keyword arguments of the constructor come from the
    setting's ``options``; a name with “key”, “secret” or “token” in it stays out of Django's error pages.
    """

    label: str | Promise
    capabilities: Capabilities = Capabilities()

    @abstractmethod
    def body(self, order: PayoutOrder) -> dict[str, Any]:
        """What will be asked of the provider, as JSON and whole: frozen before the first try, the same at every try.
        Raises InvalidInput for what the provider is known to refuse; then nothing is sent."""

    @abstractmethod
    def send(self, request: PayoutRequest) -> PayoutResult:
        """Ask the provider; called outside any transaction and possibly again with the same key, which must then have
        no second effect. An exception counts as UNKNOWN."""

    def clean_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """A reward rule's choices for this provider, checked and normalised; raises InvalidInput with a path that
        begins with ``methodOptions``. There are none by default."""
        return {}

    def check_amount(self, amount: Money, options: Mapping[str, Any]) -> None:  # noqa: B027 - most have no more to say
        """Raise InvalidInput with path ``amount`` for what can never be paid: asked before a reward is promised."""

    def describe_options(self) -> Iterable[tuple[str, str | Promise]]:
        """Each option's name and what it is for, for the rule's form."""
        return ()

    def look_up(self, request: PayoutRequest, *, provider_ref: str = "") -> PayoutResult:
        """What the provider's books say of this payout, without sending anything. FAILED_FINAL says that they are
        complete and it is not in them, UNKNOWN that they cannot tell. Raises NotSupported."""
        raise NotSupported

    def sent_since(self, moment: datetime) -> Iterable[SentPayout]:
        """Everything in the provider's books since ``moment``, oldest or newest first. Raises NotSupported and
        ProviderUnavailable."""
        raise NotSupported

    def balance(self, currency: str) -> Money | None:
        """What is left to pay from, or None where there is no such thing. Raises ProviderUnavailable."""
        return None

    def reverse(self, request: ReversalRequest) -> PayoutResult:
        """Take value back: PAID says that it came. Raises NotSupported."""
        raise NotSupported

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
        """Verify a message's signature over its raw ``body``; raises WebhookRefused, or NotSupported."""
        raise NotSupported

    def open_account(self, *, recipient: Recipient, key: str) -> AccountFacts:
        """Make the recipient known to the provider; the same ``key`` makes one account. Raises InvalidInput for what
        is missing, NotSupported and ProviderUnavailable."""
        raise NotSupported

    def onboarding_url(self, *, account: str, refresh_url: str, return_url: str) -> str:
        """Where the recipient tells the provider the rest, once. Raises NotSupported and ProviderUnavailable."""
        raise NotSupported

    def read_account(self, account: str) -> AccountFacts:
        """The account as it is now. Raises NotSupported and ProviderUnavailable."""
        raise NotSupported

    def forget_person(self, person_id: int) -> None:  # noqa: B027 - most keep nothing of their own
        """Erase what the provider's own tables say of the person: words, links, ids. Payouts of theirs are over; the
        rows of ours are erased already. May be called again."""
