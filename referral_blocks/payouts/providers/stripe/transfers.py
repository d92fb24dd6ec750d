"""Cash through Stripe Connect: from the house's Stripe balance to the recipient's, and from there to their bank."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import stripe
from django.utils.translation import gettext_lazy as _
from stripe.params import TransferCreateParams, TransferListParams, TransferReversalCreateParams
from stripe.params.v2.core import AccountCreateParamsConfigurationRecipient

from referral_blocks.core.money import Money
from referral_blocks.payouts.provider import (
    AccountFacts,
    Capabilities,
    Outcome,
    PayoutOrder,
    PayoutRequest,
    PayoutResult,
    Recipient,
    ReversalRequest,
    SentPayout,
)

from . import recipients
from .base import PAGE, V1_WINDOW, StripeProvider, about_payout, at, payout_id_of
from .client import LONGEST_CALL
from .errors import asking, is_missing, looking, reading, reversal_result

GROUP = "payout_"  # with our payout's id: the only thing besides the account that transfers can be listed by
WANTED: AccountCreateParamsConfigurationRecipient = {
    "capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}
}


class StripeTransfers(StripeProvider):
    """A transfer that exists is paid: the money is in the recipient's Stripe balance, and no longer in the house's.

    They cross borders between the United States, the United Kingdom, the EEA, Canada and Switzerland only:
    https://docs.stripe.com/connect/cross-border-payouts.
    """

    label = _("Bank account, through Stripe")
    capabilities = Capabilities(
        # What Stripe pays out to a bank at least: https://docs.stripe.com/payouts#minimum-payout-amounts
        minimum_minor={"AUD": 100, "CAD": 100, "EUR": 100, "GBP": 100, "USD": 100},
        divisible=True,
        gathers=True,
        needs_account=True,
        read_back=True,
        reverse=True,
        webhooks=True,
        retry_window=V1_WINDOW,
        longest_call=LONGEST_CALL,
    )

    def body(self, order: PayoutOrder) -> dict[str, Any]:
        self.check_amount(order.amount, order.options)
        params: TransferCreateParams = {
            "amount": order.amount.amount_minor,
            "currency": order.amount.currency.lower(),
            "destination": order.recipient.account,
            "description": order.title,
            "transfer_group": GROUP + order.payout_id,
            "metadata": about_payout(order.payout_id),
        }
        return dict(params)

    def send(self, request: PayoutRequest) -> PayoutResult:
        params = cast(TransferCreateParams, dict(request.body))
        if not params["destination"]:
            return PayoutResult(Outcome.NEEDS_ACTION, message="The recipient has no account at Stripe yet")

        def create() -> PayoutResult:
            options: stripe.RequestOptions = {"idempotency_key": request.idempotency_key}
            return _result(self.client.v1.transfers.create(params, options))

        return asking(create, tried_before=request.tried_before)

    def look_up(self, request: PayoutRequest, *, provider_ref: str = "") -> PayoutResult:
        return looking(lambda: self._find(request, provider_ref))

    def _find(self, request: PayoutRequest, provider_ref: str) -> PayoutResult:
        if provider_ref:
            try:
                return _result(self.client.v1.transfers.retrieve(provider_ref))
            except stripe.StripeError as error:
                if not is_missing(error):
                    raise
        params: TransferListParams = {"transfer_group": GROUP + request.payout_id, "limit": PAGE}
        found = list(self.client.v1.transfers.list(params).auto_paging_iter())
        ours = [transfer for transfer in found if payout_id_of(transfer) == request.payout_id]
        if ours:
            return _result(min(ours, key=lambda transfer: transfer.created), more=len(ours) - 1)
        if found:
            return PayoutResult(Outcome.UNKNOWN, message=f"{found[0].id} has this payout’s group, but another mark")
        return PayoutResult(Outcome.FAILED_FINAL, message="Stripe has no transfer for this payout")

    def sent_since(self, moment: datetime) -> Iterator[SentPayout]:
        """Our own transfers, newest first; those that the house makes for other reasons are left out."""
        params: TransferListParams = {"created": {"gte": int(moment.timestamp())}, "limit": PAGE}
        with reading():
            for transfer in self.client.v1.transfers.list(params).auto_paging_iter():
                if (transfer.transfer_group or "").startswith(GROUP):
                    yield SentPayout(
                        provider_ref=transfer.id,
                        payout_id=payout_id_of(transfer),
                        amount=Money(transfer.amount, transfer.currency.upper()),
                        outcome=_outcome(transfer),
                        created_at=at(transfer.created),
                        reversed_minor=transfer.amount_reversed,
                    )

    def balance(self, currency: str) -> Money:
        with reading():
            held = self.client.v1.balance.retrieve().available
        return Money(sum(part.amount for part in held if part.currency.upper() == currency), currency)

    def reverse(self, request: ReversalRequest) -> PayoutResult:
        params: TransferReversalCreateParams = {
            "amount": request.amount.amount_minor,
            "metadata": about_payout(request.payout_id),
        }
        options: stripe.RequestOptions = {"idempotency_key": request.idempotency_key}
        try:
            reversal = self.client.v1.transfers.reversals.create(request.provider_ref, params, options)
        except stripe.StripeError as error:
            return reversal_result(error)
        return PayoutResult(Outcome.PAID, provider_ref=reversal.id, response={"amount": reversal.amount})

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
        """Stripe's fingerprints of the bank accounts and cards: the same number has the same one, whoever adds it."""
        with reading():
            try:
                found = list(self.client.v1.accounts.external_accounts.list(account, {"limit": PAGE}))
            except stripe.InvalidRequestError:
                return frozenset()  # not every platform may see them; the account is ready or not without them
        marks = (getattr(destination, "fingerprint", None) for destination in found)
        return frozenset(str(mark) for mark in marks if mark)


def _capability(account: stripe.v2.core.Account) -> recipients.Capability | None:
    recipient = recipients.recipient_of(account)
    capabilities = recipient.capabilities if recipient is not None and recipient.applied else None
    balance = capabilities.stripe_balance if capabilities is not None else None
    return balance.stripe_transfers if balance is not None else None


def _outcome(transfer: stripe.Transfer) -> Outcome:
    return Outcome.RETURNED if transfer.reversed else Outcome.PAID


def _result(transfer: stripe.Transfer, more: int = 0) -> PayoutResult:
    response = {"amount": transfer.amount, "currency": transfer.currency, "reversed": transfer.amount_reversed}
    message = f"Stripe has {more} more for this payout" if more else ""
    return PayoutResult(_outcome(transfer), provider_ref=transfer.id, response=response, message=message)
