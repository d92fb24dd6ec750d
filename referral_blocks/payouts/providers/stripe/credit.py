"""Credit on a customer's balance at Stripe, which their next invoice uses up: no cash, and nothing to tell a bank."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import stripe
from django.utils.translation import gettext_lazy as _
from stripe.params import (
    CustomerBalanceTransactionCreateParams,
    CustomerBalanceTransactionListParams,
    CustomerCreateParams,
    CustomerListParams,
    CustomerUpdateParams,
)

from referral_blocks.core.money import Money
from referral_blocks.payouts.provider import (
    AccountFacts,
    AccountState,
    Capabilities,
    Outcome,
    PayoutOrder,
    PayoutRequest,
    PayoutResult,
    Recipient,
    SentPayout,
)

from .base import PAGE, V1_WINDOW, StripeProvider, about_payout, at, payout_id_of
from .client import LONGEST_CALL
from .errors import asking, is_missing, looking, reading

MARK = "referral_credit"  # on the customers that have had credit from here, so that their books can be listed


class StripeCredit(StripeProvider):
    """For merchants who bill with Stripe. The recipient's account is a customer (``cus_…``): the newest one with their
    address, or a new one."""

    label = _("Credit on their account, through Stripe")
    capabilities = Capabilities(
        divisible=True,
        gathers=True,
        needs_account=True,
        read_back=True,
        webhooks=True,
        retry_window=V1_WINDOW,
        longest_call=LONGEST_CALL,
    )

    def body(self, order: PayoutOrder) -> dict[str, Any]:
        self.check_amount(order.amount, order.options)
        params: CustomerBalanceTransactionCreateParams = {
            # Below zero is credit, above would be a debt: https://docs.stripe.com/billing/customer/balance
            "amount": -order.amount.amount_minor,
            "currency": order.amount.currency.lower(),
            "description": order.title,
            "metadata": about_payout(order.payout_id),
        }
        return {"customer": order.recipient.account, "params": dict(params)}

    def send(self, request: PayoutRequest) -> PayoutResult:
        customer = request.body["customer"]
        params = cast(CustomerBalanceTransactionCreateParams, dict(request.body["params"]))
        if not customer:
            return PayoutResult(Outcome.NEEDS_ACTION, message="The recipient is no customer at Stripe yet")

        def create() -> PayoutResult:
            options: stripe.RequestOptions = {"idempotency_key": request.idempotency_key}
            return _result(self.client.v1.customers.balance_transactions.create(customer, params, options))

        return asking(create, tried_before=request.tried_before)

    def look_up(self, request: PayoutRequest, *, provider_ref: str = "") -> PayoutResult:
        return looking(lambda: self._find(request))

    def _find(self, request: PayoutRequest) -> PayoutResult:
        # In the whole history: it cannot be searched, and is as long as the customer has invoices and credits.
        for credit in self._credits(request.body["customer"], {"limit": PAGE}):
            if payout_id_of(credit) == request.payout_id:
                return _result(credit)
        return PayoutResult(Outcome.FAILED_FINAL, message="Stripe has no credit for this payout")

    def _credits(
        self, customer: str, params: CustomerBalanceTransactionListParams
    ) -> Iterator[stripe.CustomerBalanceTransaction]:
        yield from self.client.v1.customers.balance_transactions.list(customer, params).auto_paging_iter()

    def sent_since(self, moment: datetime) -> Iterator[SentPayout]:
        """Customer by customer, because Stripe has no list over all of them: those that were marked when they were
        first paid."""
        everybody: CustomerListParams = {"limit": PAGE}
        lately: CustomerBalanceTransactionListParams = {"created": {"gte": int(moment.timestamp())}, "limit": PAGE}
        with reading():
            for customer in self.client.v1.customers.list(everybody).auto_paging_iter():
                if MARK not in (customer.metadata or {}):
                    continue
                for credit in self._credits(customer.id, lately):
                    if payout_id_of(credit):
                        yield _sent(credit)

    def open_account(self, *, recipient: Recipient, key: str) -> AccountFacts:
        params: CustomerListParams = {"email": recipient.email, "limit": 1}
        mark: CustomerUpdateParams = {"metadata": {MARK: "1"}}
        with reading():
            known = self.client.v1.customers.list(params).data
            if known:
                customer = self.client.v1.customers.update(known[0].id, mark)
            else:
                new: CustomerCreateParams = {"email": recipient.email, "metadata": {MARK: "1"}}
                if recipient.name:
                    new["name"] = recipient.name
                customer = self.client.v1.customers.create(new, {"idempotency_key": key})
        return AccountFacts(customer.id, AccountState.READY)

    def onboarding_url(self, *, account: str, refresh_url: str, return_url: str) -> str:
        """There is nothing to tell."""
        return return_url

    def read_account(self, account: str) -> AccountFacts:
        with reading():
            try:
                customer = self.client.v1.customers.retrieve(account)
            except stripe.StripeError as error:
                if not is_missing(error):
                    raise
                return AccountFacts(account, AccountState.CLOSED)
        gone = bool(getattr(customer, "deleted", False))
        return AccountFacts(account, AccountState.CLOSED if gone else AccountState.READY)


def _sent(credit: stripe.CustomerBalanceTransaction) -> SentPayout:
    return SentPayout(
        provider_ref=credit.id,
        payout_id=payout_id_of(credit),
        amount=Money(-credit.amount, credit.currency.upper()),
        outcome=Outcome.PAID,
        created_at=at(credit.created),
    )


def _result(credit: stripe.CustomerBalanceTransaction) -> PayoutResult:
    response = {"amount": credit.amount, "currency": credit.currency}
    return PayoutResult(Outcome.PAID, provider_ref=credit.id, response=response)
