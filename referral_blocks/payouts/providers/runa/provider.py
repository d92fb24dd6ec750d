"""Gift cards through Runa: one order a payout, whose link only its owner ever sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import POINTS, Money
from referral_blocks.core.text import clean_email
from referral_blocks.payouts.provider import (
    Capabilities,
    Outcome,
    PayoutOrder,
    PayoutProvider,
    PayoutRequest,
    PayoutResult,
    ProviderUnavailable,
    SentPayout,
    WebhookEvent,
)

from . import books, options, webhooks
from .cards import keep_card
from .catalog import Catalog, Product
from .client import API_VERSION, PRODUCTION, TIMEOUT, Answer, NoAnswer, RunaClient
from .results import link_in, result_of

REFUSALS = (Outcome.NOT_NOW, Outcome.FAILED_FINAL)


class RunaGiftCards(PayoutProvider):
    """Options of the setting: ``api_key``; ``webhook_secret``, one or several (each endpoint at Runa has its own);
    ``base_url`` (the playground’s is https://playground.runa.io/v2) and ``api_version``.

    Not divisible: a gift card comes in the face values of its product, so that what a person owes is netted from their
    next payout by another method.
    """

    label = _("Gift card (Runa)")
    stores_cards = True  # encrypted: a system check asks for keys of their own

    # Runa keeps a key and its outcome, whatever it was, for 30 days.
    capabilities = Capabilities(
        read_back=True, webhooks=True, retry_window=timedelta(days=25), longest_call=timedelta(seconds=sum(TIMEOUT))
    )

    @sensitive_variables()
    def __init__(
        self,
        *,
        api_key: str,
        webhook_secret: str | Iterable[str] = (),
        base_url: str = PRODUCTION,
        api_version: str = API_VERSION,
    ) -> None:
        if not api_key:
            raise ImproperlyConfigured("RunaGiftCards needs its option api_key.")
        given = (webhook_secret,) if isinstance(webhook_secret, str) else tuple(webhook_secret)
        self._webhook_secrets = tuple(filter(None, given))
        self._client = RunaClient(api_key=api_key, base_url=base_url, api_version=api_version)
        self.catalog = Catalog(self._client, account=f"{self._client.base_url} {api_key}")

    # The rule

    def clean_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return options.clean(given, self.catalog)

    def check_amount(self, amount: Money, given: Mapping[str, Any]) -> None:
        options.check(amount, given, self.catalog)

    def describe_options(self) -> Iterable[tuple[str, str | Promise]]:
        return options.DESCRIBED

    def products(self, currency: str = "") -> list[Product]:
        """What can be ordered, in this currency or all, as it was some minutes ago. Raises ProviderUnavailable."""
        return [p for p in self.catalog.products() if p.orderable and currency in ("", p.currency)]

    def balance(self, currency: str) -> Money | None:
        """What was left some minutes ago. Raises ProviderUnavailable."""
        return self.catalog.balance(currency)

    # Sending

    def body(self, order: PayoutOrder) -> dict[str, Any]:
        """The order. Its face value is text here, as floats are not exact, and becomes a number on the wire. With the
        distribution “email” the body holds the recipient’s address."""
        if order.amount.currency == POINTS or order.amount.amount_minor < 1:
            raise InvalidInput(_("Gift cards are worth money."), code="invalid_amount", path=("amount",))
        template, product = (str(order.options.get(name, "")) for name in ("template_id", "product"))
        if template:
            options.check_whole(order.amount)
        elif not product:
            raise InvalidInput(_("The rule names no gift card."), code="required", path=("methodOptions", "product"))
        by_email = order.options.get("distribution") == "email"
        address = {"type": "EMAIL", "email_address": clean_email(order.recipient.email)} if by_email else {}
        chosen = {"type": "TEMPLATE", "template_id": template} if template else {"type": "SINGLE", "value": product}
        return {
            "payment_method": {"type": "ACCOUNT_BALANCE", "currency": order.amount.currency},
            "items": [
                {
                    "face_value": format(order.amount.decimal, "f"),
                    "distribution_method": address or {"type": "PAYOUT_LINK"},
                    "products": chosen,
                }
            ],
            # The list of orders shows the description and not the metadata.
            "description": order.payout_id,
            "metadata": {"payout_id": order.payout_id},
        }

    @sensitive_variables()
    def send(self, request: PayoutRequest) -> PayoutResult:
        items = [{**item, "face_value": Decimal(item["face_value"])} for item in request.body["items"]]
        try:
            answer = self._client.order({**request.body, "items": items}, idempotency_key=request.idempotency_key)
        except NoAnswer as error:
            return PayoutResult(Outcome.UNKNOWN, message=f"Runa: no answer ({error}).")
        result = self._settled(request, answer)
        if result.outcome == Outcome.NOT_NOW:
            self.catalog.forget(currency=request.amount.currency)
        # A refusal of the door – a key that was revoked, an account that is closed – says nothing of an earlier try.
        if result.outcome in REFUSALS and request.tried_before:
            return self._confirmed(request, result)
        return result

    def _confirmed(self, request: PayoutRequest, refusal: PayoutResult) -> PayoutResult:
        """The refusal, if Runa's books have no order either; else what they have."""
        found = self.look_up(request)
        if found.outcome == Outcome.FAILED_FINAL:
            return refusal
        if found.outcome == Outcome.UNKNOWN:
            message = f"{refusal.message} {found.message}"
            return PayoutResult(Outcome.UNKNOWN, response=refusal.response, message=message)
        return found

    @sensitive_variables()
    def _settled(self, request: PayoutRequest, answer: Answer) -> PayoutResult:
        """What the answer means; the gift card is kept before anybody hears that it was paid."""
        result = result_of(answer)
        if result.outcome not in (Outcome.PAID, Outcome.ACCEPTED):
            return result
        said = answer.body.get("description")
        if said is not None and said != request.payout_id:
            return PayoutResult(Outcome.UNKNOWN, message="Runa: the answer is about another order.")
        if result.outcome == Outcome.ACCEPTED:
            return result
        url, expires_at = link_in(answer.body)
        if url:
            keep_card(payout_id=request.payout_id, order_ref=result.provider_ref, url=url, expires_at=expires_at)
        elif request.body["items"][0]["distribution_method"]["type"] == "PAYOUT_LINK":
            return replace(result, outcome=Outcome.ACCEPTED, message="Runa: the order is there, its link is not yet.")
        return result

    # Runa's own books

    @sensitive_variables()
    def look_up(self, request: PayoutRequest, *, provider_ref: str = "") -> PayoutResult:
        """By reference, or by the payout’s id in the list of orders since the first try. An order that is not complete
        stands in the list without its description: then nothing is proven."""
        try:
            if provider_ref:
                return self._order(request, provider_ref)
            since = books.first_try_at(request.payout_id)
            unclear = False
            for order in books.orders_since(self._client, since):
                status = order.get("status")
                if books.payout_id_of(order) == request.payout_id and status != "FAILED":
                    return self._order(request, str(order.get("id")))
                unclear = unclear or status not in ("COMPLETED", "FAILED")
        except ProviderUnavailable as error:
            return PayoutResult(Outcome.UNKNOWN, message=str(error))
        if unclear or books.is_too_early(request.idempotency_key):
            return PayoutResult(Outcome.UNKNOWN, message="Runa’s list of orders is not complete yet.")
        return PayoutResult(Outcome.FAILED_FINAL, message="Runa’s list of orders does not have it.")

    @sensitive_variables()
    def _order(self, request: PayoutRequest, ref: str) -> PayoutResult:
        return self._settled(request, Answer(200, books.read(self._client, f"/order/{ref}")))

    def sent_since(self, moment: datetime) -> Iterable[SentPayout]:
        for order in books.orders_since(self._client, moment):
            at = books.created_at(order)
            if at is not None and at >= moment and (sent := books.as_sent(self._client, order)):
                yield sent

    # Messages

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
        event, product = webhooks.read(headers, body, secrets=self._webhook_secrets)
        if product:
            self.catalog.forget(product=product)
        return event
