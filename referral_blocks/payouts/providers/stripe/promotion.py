"""Single-use promotion codes: Stripe makes one of a coupon, and its owner uses it at the merchant's checkout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import stripe
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stripe.params import PromotionCodeCreateParams, PromotionCodeListParams

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money
from referral_blocks.payouts.provider import (
    Capabilities,
    Outcome,
    PayoutOrder,
    PayoutRequest,
    PayoutResult,
    SentPayout,
)

from .base import PAGE, V1_WINDOW, StripeProvider, about_payout, at, payout_id_of
from .client import LONGEST_CALL
from .codes import keep_code
from .errors import asking, is_missing, looking, reading

MOST_DAYS = 3650


class StripePromotionCode(StripeProvider):
    """The code is in no request, answer or attempt: it goes from Stripe's answer to where the reward's owner sees it.

    What it takes off is the coupon's affair; the reward's amount is what the house counts it as.
    """

    label = gettext_lazy("Promotion code, through Stripe")
    capabilities = Capabilities(read_back=True, webhooks=True, retry_window=V1_WINDOW, longest_call=LONGEST_CALL)

    def check_amount(self, amount: Money, options: Mapping[str, Any]) -> None:
        """Stripe never hears the amount."""

    def describe_options(self) -> Iterable[tuple[str, str | Promise]]:
        return (
            ("coupon", gettext_lazy("The coupon’s id at Stripe, such as 25OFF.")),
            ("expires_days", gettext_lazy("After how many days the code expires. Empty: with the coupon.")),
            ("first_time_only", gettext_lazy("Only for customers who have never paid before.")),
        )

    def clean_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        coupon = str(options.get("coupon") or "").strip()
        if not 0 < len(coupon) <= 200:
            raise InvalidInput(
                _("Give the id of a coupon at Stripe."), code="required", path=("methodOptions", "coupon")
            )
        clean: dict[str, Any] = {"coupon": coupon, "first_time_only": _is_yes(options.get("first_time_only"))}
        days = options.get("expires_days")
        if days not in (None, ""):
            clean["expires_days"] = _days(days)
        return clean

    def body(self, order: PayoutOrder) -> dict[str, Any]:
        options = order.options
        params: PromotionCodeCreateParams = {
            "promotion": {"type": "coupon", "coupon": options["coupon"]},
            "max_redemptions": 1,
            "metadata": {
                **about_payout(order.payout_id),
                "amount_minor": str(order.amount.amount_minor),
                "currency": order.amount.currency,
            },
        }
        if options.get("first_time_only"):
            params["restrictions"] = {"first_time_transaction": True}
        if days := options.get("expires_days"):
            params["expires_at"] = _end_of_day(days)
        return dict(params)

    def send(self, request: PayoutRequest) -> PayoutResult:
        params = cast(PromotionCodeCreateParams, dict(request.body))

        def create() -> PayoutResult:
            options: stripe.RequestOptions = {"idempotency_key": request.idempotency_key}
            return _kept(self.client.v1.promotion_codes.create(params, options), request)

        return asking(create, tried_before=request.tried_before)

    def look_up(self, request: PayoutRequest, *, provider_ref: str = "") -> PayoutResult:
        return looking(lambda: self._find(request, provider_ref))

    def _find(self, request: PayoutRequest, provider_ref: str) -> PayoutResult:
        if provider_ref:
            try:
                return _kept(self.client.v1.promotion_codes.retrieve(provider_ref), request)
            except stripe.StripeError as error:
                if not is_missing(error):
                    raise
        params: PromotionCodeListParams = {"coupon": request.body["promotion"]["coupon"], "limit": PAGE}
        for code in self.client.v1.promotion_codes.list(params).auto_paging_iter():
            if payout_id_of(code) == request.payout_id:
                return _kept(code, request)
        return PayoutResult(Outcome.FAILED_FINAL, message="Stripe has no promotion code for this payout")

    def sent_since(self, moment: datetime) -> Iterator[SentPayout]:
        params: PromotionCodeListParams = {"created": {"gte": int(moment.timestamp())}, "limit": PAGE}
        with reading():
            for code in self.client.v1.promotion_codes.list(params).auto_paging_iter():
                if payout_id_of(code):
                    yield SentPayout(
                        provider_ref=code.id,
                        payout_id=payout_id_of(code),
                        amount=_amount(code),
                        outcome=Outcome.PAID,
                        created_at=at(code.created),
                    )


def _kept(code: stripe.PromotionCode, request: PayoutRequest) -> PayoutResult:
    """Paid, once the code is where its owner finds it; a crash before that is a lost answer, and asked again."""
    keep_code(payout_id=request.payout_id, code=code.code)
    return PayoutResult(Outcome.PAID, provider_ref=code.id, response={"redeemed": code.times_redeemed})


def _amount(code: stripe.PromotionCode) -> Money:
    metadata = cast(Mapping[str, str], code.metadata)
    return Money(int(metadata["amount_minor"]), metadata["currency"])


def _end_of_day(days: int) -> int:
    """The end, in UTC, of the day that is ``days`` after today."""
    last = (timezone.now() + timedelta(days=days)).astimezone(UTC)
    return int(last.replace(hour=23, minute=59, second=59, microsecond=0).timestamp())


def _is_yes(value: Any) -> bool:
    return value is True or str(value).strip().lower() in ("1", "true", "on", "yes")


def _days(value: Any) -> int:
    digits = str(value).strip()
    days = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 4 else 0
    if not 0 < days <= MOST_DAYS:
        raise InvalidInput(
            _("Give whole days from 1 to %(most)d.") % {"most": MOST_DAYS},
            code="out_of_range",
            path=("methodOptions", "expires_days"),
        )
    return days
