"""Every call says what Stripe's own types require and nothing that they do not know; mypy checks the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from stripe import params
from stripe.params.v2 import core, money_management

from referral_blocks.core.money import Money
from referral_blocks.payouts.provider import PayoutOrder, Recipient, ReversalRequest
from referral_blocks.payouts.providers.stripe import promotion
from referral_blocks.payouts.providers.stripe.credit import StripeCredit
from referral_blocks.payouts.providers.stripe.outbound import StripeOutboundPayments
from referral_blocks.payouts.providers.stripe.promotion import StripePromotionCode

from .test_transfers import request_for

# (how to reach the service, its method, the type of what it is asked)
CALLS = [
    ("v1.transfers", "create", params.TransferCreateParams),
    ("v1.transfers", "list", params.TransferListParams),
    ("v1.transfers.reversals", "create", params.TransferReversalCreateParams),
    ("v1.customers", "create", params.CustomerCreateParams),
    ("v1.customers", "list", params.CustomerListParams),
    ("v1.customers", "update", params.CustomerUpdateParams),
    ("v1.customers.balance_transactions", "create", params.CustomerBalanceTransactionCreateParams),
    ("v1.customers.balance_transactions", "list", params.CustomerBalanceTransactionListParams),
    ("v1.promotion_codes", "create", params.PromotionCodeCreateParams),
    ("v1.promotion_codes", "list", params.PromotionCodeListParams),
    ("v1.accounts.external_accounts", "list", params.AccountExternalAccountListParams),
    ("v2.core.accounts", "create", core.AccountCreateParams),
    ("v2.core.accounts", "retrieve", core.AccountRetrieveParams),
    ("v2.core.account_links", "create", core.AccountLinkCreateParams),
    ("v2.money_management.outbound_payments", "create", money_management.OutboundPaymentCreateParams),
    ("v2.money_management.outbound_payments", "list", money_management.OutboundPaymentListParams),
    ("v2.money_management.payout_methods", "list", money_management.PayoutMethodListParams),
]
ROBIN = Recipient("Robin", "robin@example.com", country="GB")


@pytest.fixture
def asked(transfers, monkeypatch):
    """What each call was asked, by its place in CALLS."""
    seen: dict[tuple[str, str], list[dict]] = {}
    for path, method, _type in CALLS:
        service = transfers.client
        for part in path.split("."):
            service = getattr(service, part)
        cls = type(service)
        monkeypatch.setattr(cls, method, _spy(getattr(cls, method), seen.setdefault((path, method), [])))
    return seen


def _spy(call, seen):
    def spied(self, *args, **kwargs):
        seen.append(next(arg for arg in args if isinstance(arg, dict)))
        return call(self, *args, **kwargs)

    return spied


def test_what_is_sent_is_what_stripe_documents(stand_in, transfers, asked, monkeypatch):
    monkeypatch.setattr(promotion, "keep_code", lambda **kwargs: None)
    settings = {"api_key": stand_in.api_key, "api_url": stand_in.base_url}
    outbound = StripeOutboundPayments(**settings, financial_account="fa_1")
    credit, codes = StripeCredit(**settings), StripePromotionCode(**settings)

    for provider in (transfers, outbound):
        account = provider.open_account(recipient=ROBIN, key=f"k-{provider.label}").reference
        provider.onboarding_url(account=account, refresh_url="https://x.example", return_url="https://y.example")
        stand_in.account_status(account, "active")
        provider.read_account(account)
        exercise(provider, request_for(provider, account))
    customer = credit.open_account(recipient=ROBIN, key="k-c").reference
    credit.open_account(recipient=ROBIN, key="k-c")
    exercise(credit, request_for(credit, customer))
    options = {"coupon": "20OFF", "first_time_only": True, "expires_days": 30}
    order = PayoutOrder("p-1", Money(2000, "GBP"), ROBIN, "£20 off", options=options)
    monkeypatch.setattr(codes, "body", lambda _order: StripePromotionCode.body(codes, order))
    exercise(codes, request_for(codes, ""))

    for path, method, kind in CALLS:
        assert asked[path, method], f"{path}.{method} was never called"
        for sent in asked[path, method]:
            assert kind.__required_keys__ <= set(sent) <= kind.__required_keys__ | kind.__optional_keys__
    assert stand_in.books()["violations"] == []


def exercise(provider, request):
    sent = provider.send(request)
    provider.look_up(request)
    list(provider.sent_since(timezone.now() - timedelta(minutes=1)))
    if provider.capabilities.reverse:
        provider.reverse(ReversalRequest(request.payout_id, sent.provider_ref, "r-1", Money(1, "GBP")))
