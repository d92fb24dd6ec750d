"""Promotion codes: one for a payout, shown to its owner alone."""

from __future__ import annotations

import logging

import pytest
import requests
import time_machine

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money
from referral_blocks.payouts.models import PayoutItem
from referral_blocks.payouts.provider import Outcome, PayoutOrder, PayoutRequest, Recipient
from referral_blocks.payouts.providers.stripe.promotion import StripePromotionCode
from referral_blocks.rewards.models import CouponCode, CouponList
from referral_blocks.rewards.selectors import coupon_of, low_stock

from .test_conformance import make_payout

pytestmark = pytest.mark.django_db
OPTIONS = {"coupon": "20OFF", "first_time_only": True, "expires_days": 30}


@pytest.fixture
def provider(stand_in):
    requests.post(
        f"{stand_in.url}/v1/coupons",
        data={"id": "20OFF", "percent_off": "20"},
        headers={"Authorization": f"Bearer {stand_in.api_key}"},
        timeout=30,
    ).raise_for_status()
    return StripePromotionCode(api_key=stand_in.api_key, api_url=stand_in.base_url)


def request_for(provider, payout, *, key="k-1", options=OPTIONS):
    order = PayoutOrder(
        str(payout.public_id), payout.amount, Recipient("R", "r@example.com"), "20% off", options=options
    )
    return PayoutRequest(order.payout_id, key, order.amount, order.recipient, provider.body(order), False)


def test_the_code_goes_to_the_reward_and_nowhere_else(provider, stand_in, caplog):
    payout = make_payout("promotion", OPTIONS)
    reward = PayoutItem.objects.get(payout=payout).reward
    with caplog.at_level(logging.DEBUG, logger="stripe"):
        result = provider.send(request_for(provider, payout))
    (made,) = stand_in.books()["promotion_codes"]
    kept = CouponCode.objects.get(reward=reward)
    assert (result.outcome, kept.code, kept.coupon_list.name) == (Outcome.PAID, made["code"], "Stripe promotion codes")
    assert made["code"] not in f"{result!r} {caplog.text}"
    assert coupon_of(reward=reward) is None  # not before it is issued
    # Its list can never run out, because nobody is given codes from it.
    assert low_stock(program=reward.program) == []


def test_a_code_works_once_for_new_customers_and_for_a_time(provider, stand_in):
    with time_machine.travel("2026-03-01T10:00:00Z"):
        body = request_for(provider, make_payout("promotion", OPTIONS)).body
    assert body["promotion"] == {"type": "coupon", "coupon": "20OFF"}
    assert (body["max_redemptions"], body["restrictions"]) == (1, {"first_time_transaction": True})
    assert body["expires_at"] == 1775001599  # 2026-03-31 23:59:59 UTC


def test_a_lost_answer_gives_the_same_code(provider, stand_in):
    payout = make_payout("promotion", OPTIONS)
    request = request_for(provider, payout)
    stand_in.fault("drop_after_commit", path_prefix="/v1/promotion_codes", times=3)
    assert provider.send(request).outcome == Outcome.UNKNOWN
    assert CouponCode.objects.count() == 0
    assert provider.look_up(request).outcome == Outcome.PAID
    assert provider.send(request).outcome == Outcome.PAID
    assert [row["code"] for row in stand_in.books()["promotion_codes"]] == [CouponCode.objects.get().code]


def test_two_codes_of_a_programme_are_in_one_list(provider):
    first = make_payout("promotion", OPTIONS)
    second = make_payout("promotion", OPTIONS)
    PayoutItem.objects.filter(payout=second).update(reward=_twin(first))
    for number, payout in enumerate((first, second)):
        assert provider.send(request_for(provider, payout, key=f"k-{number}")).outcome == Outcome.PAID
    assert (CouponList.objects.count(), CouponCode.objects.count()) == (1, 2)


def _twin(payout):
    reward = PayoutItem.objects.get(payout=payout).reward
    reward.pk, reward.public_id, reward.trigger_key = None, "0b2f9f3e-1111-4222-8333-444455556666", "second"
    reward.save()
    return reward


def test_a_coupon_that_is_not_there_fails_for_good(provider, stand_in):
    result = provider.send(request_for(provider, make_payout("promotion", {}), options={"coupon": "GONE"}))
    assert (result.outcome, result.response["param"]) == (Outcome.FAILED_FINAL, "promotion[coupon]")
    assert stand_in.books()["promotion_codes"] == []


@pytest.mark.parametrize(
    ("options", "code", "path"),
    [
        ({}, "required", "coupon"),
        ({"coupon": " "}, "required", "coupon"),
        ({"coupon": "X" * 201}, "required", "coupon"),
        ({"coupon": "X", "expires_days": "0"}, "out_of_range", "expires_days"),
        ({"coupon": "X", "expires_days": "soon"}, "out_of_range", "expires_days"),
        ({"coupon": "X", "expires_days": 4000}, "out_of_range", "expires_days"),
    ],
)
def test_options_that_make_no_code_are_refused(provider, options, code, path):
    with pytest.raises(InvalidInput) as refused:
        provider.clean_options(options)
    assert (refused.value.code, refused.value.path) == (code, ("methodOptions", path))


def test_any_amount_will_do():
    # Stripe never hears it: the coupon says what comes off.
    StripePromotionCode(api_key="x").check_amount(Money(1, "ISK"), OPTIONS)
