"""Stripe's four ways of paying do what every provider has to do."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
import requests
import stripe as sdk

from referral_blocks.core.money import Money
from referral_blocks.payouts.conformance import ProviderConformance
from referral_blocks.payouts.models import Payout, PayoutItem
from referral_blocks.payouts.provider import Recipient
from referral_blocks.payouts.providers.stripe.credit import StripeCredit
from referral_blocks.payouts.providers.stripe.outbound import StripeOutboundPayments
from referral_blocks.payouts.providers.stripe.promotion import StripePromotionCode
from referral_blocks.payouts.providers.stripe.transfers import StripeTransfers
from referral_blocks.rewards.models import Reward, RewardRule, Side
from tests.make import make_link, make_program

from .conftest import WEBHOOK_SECRET

TRIES = 3  # the SDK's own, of one call


class StripeConformance(ProviderConformance):
    amount = Money(2500, "GBP")
    secrets = ("sk_test_sandbox", WEBHOOK_SECRET)
    provider_class: type
    extra: dict[str, str] = {}
    path = ""

    @pytest.fixture(autouse=True)
    def _stand_in(self, stand_in):
        self.stand_in = stand_in
        self.account = self.open_account()

    def open_account(self) -> str:
        return ""

    def make_provider(self):
        return self.provider_class(
            api_key=self.stand_in.api_key, api_url=self.stand_in.base_url, webhook_secret=WEBHOOK_SECRET, **self.extra
        )

    def recipient(self):
        return Recipient(name="Robin Example", email="robin@example.com", country="GB", account=self.account)

    def times_paid(self, payout_id):
        return sum(row["payout_id"] == payout_id for row in self.rows())

    def rows(self):
        return self.stand_in.payments()

    def lose_next_answer(self):
        self.stand_in.fault("drop_after_commit", path_prefix=self.path, method="POST", times=TRIES)

    def refuse_next(self):
        self.stand_in.fault("status", status=400, path_prefix=self.path, method="POST", times=1)

    def webhook(self, *, age):
        body = '{"id":"evt_1","object":"event","type":"transfer.created","data":{"object":{"id":"tr_1"}}}'
        at = int(time.time() - age.total_seconds())
        signature = sdk.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET, at)
        return {"Stripe-Signature": signature}, body.encode()


class TestTransfers(StripeConformance):
    provider_class = StripeTransfers
    path = "/v1/transfers"

    def open_account(self):
        return self.stand_in.active_account()


class TestOutboundPayments(StripeConformance):
    provider_class = StripeOutboundPayments
    extra = {"financial_account": "fa_test_1"}
    path = "/v2/money_management"

    def open_account(self):
        wanted = {"recipient": {"capabilities": {"bank_accounts": {"local": {"requested": True}}}}}
        answer = requests.post(
            f"{self.stand_in.url}/v2/core/accounts",
            json={"configuration": wanted},
            headers={"Authorization": f"Bearer {self.stand_in.api_key}"},
            timeout=30,
        )
        account = str(answer.json()["id"])
        self.stand_in.account_status(account, "active")
        return account


class TestCredit(StripeConformance):
    provider_class = StripeCredit
    path = "/v1/customers"

    def open_account(self):
        return self.make_provider().open_account(recipient=Recipient("Robin", "robin@example.com"), key="1").reference


@pytest.mark.django_db
class TestPromotionCode(StripeConformance):
    provider_class = StripePromotionCode
    options = {"coupon": "20OFF", "first_time_only": "yes", "expires_days": "90"}
    path = "/v1/promotion_codes"

    def open_account(self):
        requests.post(
            f"{self.stand_in.url}/v1/coupons",
            data={"id": "20OFF", "percent_off": "20"},
            headers={"Authorization": f"Bearer {self.stand_in.api_key}"},
            timeout=30,
        ).raise_for_status()
        return ""

    def rows(self):
        return self.stand_in.books()["promotion_codes"]

    def new_payout_id(self):
        payout = make_payout("promotion", self.options)
        return str(payout.public_id)


def make_payout(method, options):
    """A payout of one reward, as far as the codes' books need it."""
    referrer = make_link(make_program(slug=f"p{uuid4().hex[:8]}")).referrer
    program = referrer.program
    rule = RewardRule.objects.filter(program=program, side=Side.REFERRER).first()
    facts = {"person": referrer.person, "amount_minor": 2500, "currency": "GBP"}
    reward = Reward.objects.create(
        rule=rule, program=program, referrer=referrer, side=rule.side, title="£25 off", promised_minor=2500,
        method=method, method_options=options, trigger_key="test", **facts,
    )  # fmt: skip
    payout = Payout.objects.create(program=program, provider=method, **facts)
    PayoutItem.objects.create(payout=payout, reward=reward)
    return payout
