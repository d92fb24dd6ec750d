"""Cash through Stripe Global Payouts: from a financial account straight to a bank account or card.

Off unless it is registered: Stripe offers it to businesses in the United States and the United Kingdom only, which need
a financial account with money in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import stripe
from django.utils.translation import gettext_lazy as _
from stripe.params.v2.core import AccountCreateParamsConfigurationRecipient
from stripe.params.v2.money_management import OutboundPaymentCreateParams, OutboundPaymentListParams

from referral_blocks.core.money import Money
from referral_blocks.payouts.provider import (
    AccountFacts,
    Capabilities,
    Outcome,
    PayoutOrder,
    PayoutRequest,
    PayoutResult,
    Recipient,
    SentPayout,
)

from . import recipients
from .amounts import check_amount
from .base import PAGE, StripeProvider, about_payout, payout_id_of
from .client import LONGEST_CALL
from .errors import asking, is_missing, looking, reading

WANTED: AccountCreateParamsConfigurationRecipient = {"capabilities": {"bank_accounts": {"local": {"requested": True}}}}
# “posted”: the money has left; it may still come back days later.
OUTCOMES: dict[str, Outcome] = {
    "processing": Outcome.ACCEPTED,
    "posted": Outcome.PAID,
    "failed": Outcome.FAILED_FINAL,
    "canceled": Outcome.FAILED_FINAL,
    "returned": Outcome.RETURNED,
}


class StripeOutboundPayments(StripeProvider):
    """``financial_account`` (``fa_…``) is what is paid from."""

    label = _("Bank account, through Stripe Global Payouts")
    capabilities = Capabilities(
        minimum_minor={"EUR": 100, "GBP": 100, "USD": 100},
        divisible=True,
        gathers=True,
        needs_account=True,
        read_back=True,
        webhooks=True,
        # v2 remembers keys for 30 days, and does failed work again under the same key.
        retry_window=timedelta(days=25),
        longest_call=LONGEST_CALL,
    )

    def __init__(
        self,
        *,
        api_key: str,
        financial_account: str,
        webhook_secret: str | Sequence[str] = (),
        api_url: str = "",
        country: str = "",
    ) -> None:
        super().__init__(api_key=api_key, webhook_secret=webhook_secret, api_url=api_url, country=country)
        self._financial_account = financial_account

    def check_amount(self, amount: Money, options: Any) -> None:
        check_amount(amount, to_bank=True)

    def body(self, order: PayoutOrder) -> dict[str, Any]:
        self.check_amount(order.amount, order.options)
        currency = order.amount.currency.lower()
        params: OutboundPaymentCreateParams = {
            "from": {"financial_account": self._financial_account, "currency": currency},
            "to": {"recipient": order.recipient.account},
            "amount": {"value": order.amount.amount_minor, "currency": currency},
            "description": order.title,
            "metadata": about_payout(order.payout_id),
        }
        return dict(params)

    def send(self, request: PayoutRequest) -> PayoutResult:
        params = cast(OutboundPaymentCreateParams, dict(request.body))
        if not params["to"]["recipient"]:
            return PayoutResult(Outcome.NEEDS_ACTION, message="The recipient has no account at Stripe yet")

        def create() -> PayoutResult:
            options: stripe.RequestOptions = {"idempotency_key": request.idempotency_key}
            return _result(self.client.v2.money_management.outbound_payments.create(params, options))

        return asking(create, tried_before=request.tried_before)

    def look_up(self, request: PayoutRequest, *, provider_ref: str = "") -> PayoutResult:
        return looking(lambda: self._find(request, provider_ref))

    def _find(self, request: PayoutRequest, provider_ref: str) -> PayoutResult:
        payments = self.client.v2.money_management.outbound_payments
        if provider_ref:
            try:
                return _result(payments.retrieve(provider_ref))
            except stripe.StripeError as error:
                if not is_missing(error):
                    raise
        params: OutboundPaymentListParams = {"recipient": request.body["to"]["recipient"], "limit": PAGE}
        for payment in payments.list(params).auto_paging_iter():
            if payout_id_of(payment) == request.payout_id:
                return _result(payment)
        return PayoutResult(Outcome.FAILED_FINAL, message="Stripe has no outbound payment for this payout")

    def sent_since(self, moment: datetime) -> Iterator[SentPayout]:
        since = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        params: OutboundPaymentListParams = {"created": {"gte": since}, "limit": PAGE}
        with reading():
            for payment in self.client.v2.money_management.outbound_payments.list(params).auto_paging_iter():
                if payout_id_of(payment):
                    yield SentPayout(
                        provider_ref=payment.id,
                        payout_id=payout_id_of(payment),
                        amount=Money(payment.amount.value or 0, str(payment.amount.currency).upper()),
                        outcome=OUTCOMES.get(payment.status, Outcome.UNKNOWN),
                        created_at=datetime.fromisoformat(payment.created),
                    )

    def open_account(self, *, recipient: Recipient, key: str) -> AccountFacts:
        params = recipients.create_params(recipient, recipient.country or self._country, WANTED)
        with reading():
            account = self.client.v2.core.accounts.create(params, {"idempotency_key": key})
        return recipients.facts(account, _capability(account))

    def onboarding_url(self, *, account: str, refresh_url: str, return_url: str) -> str:
        params = recipients.link_params(account, refresh_url=refresh_url, return_url=return_url)
        return recipients.open_link(self.client, params)

    def read_account(self, account: str) -> AccountFacts:
        found = recipients.retrieve(self.client, account)
        if found is None:
            return recipients.closed(account)
        return recipients.facts(found, _capability(found), self._destinations(account))

    def _destinations(self, account: str) -> frozenset[str]:
        with reading():
            try:
                methods = list(
                    self.client.v2.money_management.payout_methods.list(
                        {"limit": PAGE}, {"stripe_context": account}
                    ).auto_paging_iter()
                )
            except stripe.InvalidRequestError:
                return frozenset()  # whether the account is ready does not depend on it
        return frozenset(filter(None, map(_mark, methods)))


def _mark(method: stripe.v2.money_management.PayoutMethod) -> str:
    """What tells one from another: a card has a fingerprint; of a bank account Stripe shows where it is and how its
    number ends, which is enough to have a person look."""
    if method.card is not None:
        return method.card.fingerprint
    bank = method.bank_account
    if bank is None:
        return ""
    return ":".join((bank.country, bank.routing_number or bank.swift_code or bank.bank_name, bank.last4))


def _capability(account: stripe.v2.core.Account) -> recipients.Capability | None:
    recipient = recipients.recipient_of(account)
    capabilities = recipient.capabilities if recipient is not None and recipient.applied else None
    banks = capabilities.bank_accounts if capabilities is not None else None
    return banks.local if banks is not None else None


def _result(payment: stripe.v2.money_management.OutboundPayment) -> PayoutResult:
    outcome = OUTCOMES.get(payment.status, Outcome.UNKNOWN)
    details = payment.status_details
    why = (details.failed or details.returned) if details is not None else None
    return PayoutResult(
        outcome,
        provider_ref=payment.id,
        response={"status": payment.status, **({"reason": why.reason} if why is not None else {})},
        message=f"{payment.status}: {why.reason}" if why is not None else "",
    )
