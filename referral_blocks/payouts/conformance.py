"""What every payout provider has to do, as tests: a provider's own test class inherits them.

::

    class TestGiftShop(ProviderConformance):
        amount = Money(2500, "GBP")
        options = {"product": "ANY-SHOP"}
        secrets = ("sk-test-1",)

        def make_provider(self):
            return GiftShopProvider(base_url=stand_in.url, api_key="sk-test-1")

        def times_paid(self, payout_id):
            return stand_in.times_paid(payout_id)

It needs no test library; what pytest collects is the subclass. A hook that is not given skips the checks that need it,
and the report says so.
"""
# ruff: noqa: S101 - these are tests, wherever they run

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar
from unittest import SkipTest
from uuid import uuid4

from django.utils import timezone
from django.utils.datastructures import CaseInsensitiveMapping

from referral_blocks.core.money import Money

from .provider import NotSupported as Unsupported
from .provider import (
    Outcome,
    PayoutOrder,
    PayoutProvider,
    PayoutRequest,
    PayoutResult,
    Recipient,
    ReversalRequest,
    SentPayout,
    WebhookEvent,
    WebhookRefused,
)

DONE = (Outcome.PAID, Outcome.ACCEPTED)
OPEN = (Outcome.FAILED_RETRYABLE, Outcome.UNKNOWN)


class ProviderConformance:
    """Inherit, name the class ``Test…``, and give at least ``amount`` and ``make_provider``."""

    amount: Money
    options: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[tuple[str, ...]] = ()  # keys, links and the like that nobody may ever read

    # Hooks: the first is needed, the others where the provider can do what they are about.

    def make_provider(self) -> PayoutProvider:
        """A provider that talks to a stand-in."""
        raise NotImplementedError

    def recipient(self) -> Recipient:
        """Whom the stand-in pays."""
        return Recipient(name="Robin Example", email="robin@example.com", country="GB")

    def new_payout_id(self) -> str:
        """The id of another payout; a provider that keeps books in our database makes the payout, too."""
        return str(uuid4())

    def times_paid(self, payout_id: str) -> int:
        """How often the stand-in’s own books have this payout."""
        raise SkipTest("times_paid is not given")

    def lose_next_answer(self) -> None:
        """Let the stand-in do what it is asked next, and lose the answer."""
        raise SkipTest("lose_next_answer is not given")

    def refuse_next(self) -> None:
        """Let the stand-in refuse what it is asked next, for good or for now."""
        raise SkipTest("refuse_next is not given")

    def webhook(self, *, age: timedelta) -> tuple[Mapping[str, str], bytes]:
        """Headers and body of a message, signed ``age`` ago with the right key."""
        raise SkipTest("webhook is not given")

    # What is asked

    def test_what_will_be_asked_is_json_and_the_same_each_time(self) -> None:
        order = self._order()
        body = self.make_provider().body(order)
        assert json.loads(json.dumps(body)) == body, "body() has to survive being stored as JSON"
        assert self.make_provider().body(order) == body, "body() depends on its argument alone"

    def test_what_will_be_asked_holds_no_secret(self) -> None:
        self._says_no_secret(json.dumps(self.make_provider().body(self._order())))

    def test_the_amount_can_be_paid(self) -> None:
        provider = self.make_provider()
        can, currency, minor = provider.capabilities, self.amount.currency, self.amount.amount_minor
        provider.check_amount(self.amount, self._options(provider))
        assert can.currencies is None or currency in can.currencies
        assert can.minimum_minor.get(currency, 0) <= minor <= can.maximum_minor.get(currency, minor)

    def test_options_that_are_clean_stay_as_they_are(self) -> None:
        provider = self.make_provider()
        clean = provider.clean_options(self.options)
        assert json.loads(json.dumps(clean)) == clean, "options are stored as JSON"
        assert provider.clean_options(clean) == clean
        described = {name for name, _what in provider.describe_options()}
        assert set(self.options) <= described, "describe_options() names every option"

    # Sending

    def test_one_key_pays_once_whatever_happens(self) -> None:
        provider, request = self.make_provider(), self._request()
        first, second = provider.send(request), provider.send(replace(request, tried_before=True))
        assert first.outcome in DONE, first
        assert (second.outcome, second.provider_ref) == (first.outcome, first.provider_ref)
        assert self.times_paid(request.payout_id) == 1

    def test_two_payouts_are_two(self) -> None:
        provider = self.make_provider()
        refs = [provider.send(self._request()).provider_ref for _ in range(2)]
        assert refs[0] != refs[1] or refs == ["", ""], "references are unique, or empty"
        assert max(map(len, refs)) <= 120

    def test_the_frozen_body_says_all_of_it(self) -> None:
        provider, request = self.make_provider(), self._request()
        first = provider.send(request)
        elsewhere = Recipient(name="Kim Example", email="kim@example.com", account="another", country="US")
        again = provider.send(replace(request, recipient=elsewhere, tried_before=True))
        assert (again.outcome, again.provider_ref) == (first.outcome, first.provider_ref), "a retry repeats the body"
        assert self.times_paid(request.payout_id) == 1

    def test_another_process_finds_the_same_payout_by_its_key(self) -> None:
        request = self._request()
        first = self.make_provider().send(request)
        assert self.make_provider().send(request).provider_ref == first.provider_ref

    def test_a_lost_answer_and_the_same_key_again_pay_once(self) -> None:
        provider, request = self.make_provider(), self._request()
        self.lose_next_answer()
        lost = self._ask(provider, request)
        assert lost.outcome in (*OPEN, *DONE), "a lost answer proves nothing"
        assert provider.send(replace(request, tried_before=True)).outcome in DONE
        assert self.times_paid(request.payout_id) == 1

    def test_what_is_refused_is_not_paid_and_a_new_key_pays_it_once(self) -> None:
        provider, request = self.make_provider(), self._request()
        self.refuse_next()
        refused = provider.send(request)
        assert refused.outcome not in DONE
        assert self.times_paid(request.payout_id) == 0
        if refused.outcome in OPEN:
            return  # not proven: no new key
        assert refused.message, "staff are told why"
        assert provider.send(self._request(payout_id=request.payout_id)).outcome in DONE
        assert self.times_paid(request.payout_id) == 1

    def test_answers_and_logs_hold_no_secret(self) -> None:
        with _logged() as lines:
            result = self.make_provider().send(self._request())
        json.dumps(dict(result.response))
        self._says_no_secret(repr(result), *lines)

    # Reading the provider's books

    def test_a_look_up_finds_what_was_sent(self) -> None:
        provider, request = self.make_provider(), self._request()
        self._needs(provider.capabilities.read_back)
        sent = provider.send(request)
        for ref in (sent.provider_ref, ""):
            found = provider.look_up(request, provider_ref=ref)
            assert found.outcome in DONE, found
            assert found.provider_ref == sent.provider_ref
            self._says_no_secret(repr(found))

    def test_a_look_up_proves_that_something_was_not_sent(self) -> None:
        provider, request = self.make_provider(), self._request()
        self._needs(provider.capabilities.read_back)
        provider.send(self._request())
        assert provider.look_up(request).outcome == Outcome.FAILED_FINAL

    def test_a_look_up_finds_what_a_lost_answer_has_paid(self) -> None:
        provider, request = self.make_provider(), self._request()
        self._needs(provider.capabilities.read_back)
        self.lose_next_answer()
        self._ask(provider, request)
        assert provider.look_up(request).outcome in DONE

    def test_the_list_has_what_was_sent_once(self) -> None:
        provider, request = self.make_provider(), self._request()
        self._needs(provider.capabilities.read_back)
        since = timezone.now() - timedelta(minutes=5)
        sent = provider.send(request)
        (mine,) = _of(request, sent, provider.sent_since(since))
        assert (mine.payout_id, mine.amount) == (request.payout_id, request.amount)
        assert mine.outcome in DONE
        self._says_no_secret(repr(mine))

    # Taking back

    def test_a_reversal_with_one_key_takes_back_once(self) -> None:
        provider, request = self.make_provider(), self._request()
        self._needs(provider.capabilities.reverse)
        sent = provider.send(request)
        back = ReversalRequest(
            payout_id=request.payout_id,
            provider_ref=sent.provider_ref,
            idempotency_key=str(uuid4()),
            amount=Money(max(self.amount.amount_minor // 2, 1), self.amount.currency),
        )
        first, second = provider.reverse(back), provider.reverse(back)
        assert first.outcome == Outcome.PAID, first
        assert (second.outcome, second.provider_ref) == (first.outcome, first.provider_ref)
        if provider.capabilities.read_back:
            (mine,) = _of(request, sent, provider.sent_since(timezone.now() - timedelta(minutes=5)))
            assert mine.reversed_minor == back.amount.amount_minor

    # Messages

    def test_a_message_is_believed_with_the_right_signature_only(self) -> None:
        provider = self.make_provider()
        self._needs(provider.capabilities.webhooks)
        headers, body = self.webhook(age=timedelta())
        event = self._read(provider, headers, body)
        assert 0 < len(event.event_id) <= 120
        assert event.kind
        assert self._read(provider, headers, body) == event
        assert self._refusal(provider, headers, body + b" ") == "forged"
        assert self._refusal(provider, {}, body) in ("forged", "malformed")

    def test_an_old_message_is_not_believed(self) -> None:
        provider = self.make_provider()
        self._needs(provider.capabilities.webhooks)
        assert self._refusal(provider, *self.webhook(age=timedelta(days=1))) == "stale"

    # Accounts

    def test_one_key_opens_one_account(self) -> None:
        provider = self.make_provider()
        self._needs(provider.capabilities.needs_account)
        key = str(uuid4())
        first, second = (provider.open_account(recipient=self.recipient(), key=key) for _ in range(2))
        assert first.reference
        assert first.reference == second.reference == provider.read_account(first.reference).reference
        url = provider.onboarding_url(
            account=first.reference, refresh_url="https://example.com/again", return_url="https://example.com/done"
        )
        assert url.startswith(("https://", "http://"))

    # Honesty

    def test_it_supports_what_it_says_and_no_more(self) -> None:
        provider, request = self.make_provider(), self._request()
        can = provider.capabilities
        ref = "none"
        back = ReversalRequest(request.payout_id, ref, str(uuid4()), self.amount)
        if not can.read_back:
            _refuses(lambda: provider.look_up(request))
            _refuses(lambda: list(provider.sent_since(timezone.now())))
        if not can.reverse:
            _refuses(lambda: provider.reverse(back))
        if not can.webhooks:
            _refuses(lambda: provider.read_webhook({}, b"{}"))
        if not can.needs_account:
            _refuses(lambda: provider.open_account(recipient=self.recipient(), key=ref))
            _refuses(lambda: provider.read_account(ref))

    # Tools of the checks

    def _options(self, provider: PayoutProvider) -> dict[str, Any]:
        return provider.clean_options(self.options)

    def _order(self, payout_id: str = "") -> PayoutOrder:
        return PayoutOrder(
            payout_id=payout_id or self.new_payout_id(),
            amount=self.amount,
            recipient=self.recipient(),
            title="A reward",
            instructions="Give it to Robin.",
            options=self._options(self.make_provider()),
        )

    def _request(self, payout_id: str = "") -> PayoutRequest:
        order = self._order(payout_id)
        return PayoutRequest(
            payout_id=order.payout_id,
            idempotency_key=str(uuid4()),
            amount=order.amount,
            recipient=order.recipient,
            body=json.loads(json.dumps(self.make_provider().body(order))),
            tried_before=False,
        )

    def _ask(self, provider: PayoutProvider, request: PayoutRequest) -> PayoutResult:
        try:
            return provider.send(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it has to be without secrets
            self._says_no_secret(repr(error))
            return PayoutResult(Outcome.UNKNOWN)

    def _read(self, provider: PayoutProvider, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
        return provider.read_webhook(CaseInsensitiveMapping(headers), body)

    def _refusal(self, provider: PayoutProvider, headers: Mapping[str, str], body: bytes) -> str:
        try:
            self._read(provider, headers, body)
        except WebhookRefused as refused:
            return refused.reason
        return "believed"

    def _says_no_secret(self, *texts: str) -> None:
        for secret in self.secrets:
            assert not any(secret in text for text in texts), "a secret is in what others may read"

    def _needs(self, capability: bool) -> None:
        if not capability:
            raise SkipTest("not among its capabilities")


def _of(request: PayoutRequest, sent: PayoutResult, listed: Any) -> list[SentPayout]:
    return [s for s in listed if s.payout_id == request.payout_id or s.provider_ref == sent.provider_ref]


def _refuses(call: Callable[[], Any]) -> None:
    try:
        call()
    except Unsupported:
        return
    raise AssertionError("its capabilities say that it cannot do this: raise NotSupported")


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Everything that is logged meanwhile, from INFO up."""
    lines: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
