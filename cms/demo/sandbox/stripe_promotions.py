"""Stripe's v1 coupons and the promotion codes that hand them out."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .routes import Endpoint
from .stripe_errors import error, no_such
from .stripe_lists import page_of
from .stripe_params import PARAMS, check, currency_code, whole, within
from .wire import Answer, Request, json_answer

if TYPE_CHECKING:
    from .stripe import StripeSandbox


@dataclass(slots=True)
class Row:
    """A coupon or a promotion code: ``data`` is what the API shows."""

    id: str
    number: int
    data: dict[str, Any]


class Promotions:
    """A code is unique among the active ones for a customer, whatever its case."""

    restores = ("coupon", "promotion_code")

    def __init__(self, box: StripeSandbox) -> None:
        self.box = box
        self.coupons: dict[str, Row] = {}
        self.rows: list[Row] = []
        self.by_id: dict[str, Row] = {}
        self._by_code: dict[str, list[Row]] = {}

    def routes(self) -> list[tuple[str, Endpoint]]:
        return [
            ("POST /v1/coupons", self.create_coupon),
            ("GET /v1/coupons/{id}", self.retrieve_coupon),
            ("POST /v1/promotion_codes", self.create),
            ("GET /v1/promotion_codes", self.page),
            ("GET /v1/promotion_codes/{id}", self.retrieve),
        ]

    def create_coupon(self, request: Request) -> Answer:
        params = request.params
        check("CouponCreateParams", params)
        if ("amount_off" in params) == ("percent_off" in params):
            raise error(400, None, "Give either amount_off or percent_off.", param="percent_off")
        coupon_id = params.get("id") or secrets.token_hex(4).upper()
        if coupon_id in self.coupons:
            raise error(400, "resource_already_exists", "A coupon with this id exists.", param="id", executed=True)
        data = {
            "id": coupon_id,
            "object": "coupon",
            "amount_off": whole(params, "amount_off", least=1) if "amount_off" in params else None,
            "created": int(self.box.now()),
            "currency": currency_code(params) if "amount_off" in params else None,
            "duration": params.get("duration", "once"),
            "duration_in_months": _number(params, "duration_in_months"),
            "livemode": False,
            "max_redemptions": _number(params, "max_redemptions"),
            "metadata": dict(params.get("metadata") or {}),
            "name": params.get("name"),
            "percent_off": float(params["percent_off"]) if "percent_off" in params else None,
            "redeem_by": _number(params, "redeem_by"),
            "times_redeemed": 0,
            "valid": True,
        }
        self.restore("coupon", data)
        self.box.journal.note("coupon", data)
        return json_answer(data)

    def retrieve_coupon(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        check("CouponRetrieveParams", request.params)
        if id not in self.coupons:
            raise no_such("coupon", id)
        return json_answer(self.coupons[id].data)

    def create(self, request: Request) -> Answer:
        params = request.params
        check("PromotionCodeCreateParams", params)
        promotion = params["promotion"]
        if not isinstance(promotion, dict) or promotion.get("type") != "coupon":
            raise error(400, None, "The promotion must be of type coupon.", param="promotion[type]")
        PARAMS["PromotionCodeCreateParamsPromotion"].check(promotion, inside="promotion")
        restrictions = params.get("restrictions") or {}
        PARAMS["PromotionCodeCreateParamsRestrictions"].check(restrictions, inside="restrictions")
        if promotion.get("coupon") not in self.coupons:
            raise no_such("coupon", str(promotion.get("coupon")), param="promotion[coupon]", status=400)
        code = params.get("code") or secrets.token_hex(4).upper()
        if not re.fullmatch(r"[A-Za-z0-9-]{1,500}", code):
            raise error(400, None, "A code has letters, digits and dashes.", param="code")
        if any(row.data["active"] and row.data["customer"] in (None, params.get("customer"))
               for row in self._by_code.get(code.upper(), [])):  # fmt: skip
            message = "An active promotion code with this code exists already."
            raise error(400, "resource_already_exists", message, param="code", executed=True)
        data = {
            "id": f"promo_{secrets.token_hex(12)}",
            "object": "promotion_code",
            "active": params.get("active", "true") == "true",
            "code": code,
            "created": int(self.box.now()),
            "customer": params.get("customer"),
            "customer_account": params.get("customer_account"),
            "expires_at": _number(params, "expires_at"),
            "livemode": False,
            "max_redemptions": _number(params, "max_redemptions"),
            "metadata": dict(params.get("metadata") or {}),
            "promotion": {"coupon": promotion["coupon"], "type": "coupon"},
            "restrictions": {
                "first_time_transaction": restrictions.get("first_time_transaction") == "true",
                "minimum_amount": _number(restrictions, "minimum_amount"),
                "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
            },
            "times_redeemed": 0,
        }
        self.restore("promotion_code", data)
        self.box.journal.note("promotion_code", data)
        return json_answer(data)

    def retrieve(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        check("PromotionCodeRetrieveParams", request.params)
        if id not in self.by_id:
            raise no_such("promotion code", id)
        return json_answer(self.by_id[id].data)

    def page(self, request: Request) -> Answer:
        params = request.params
        check("PromotionCodeListParams", params)

        def fits(row: Row) -> bool:
            data = row.data
            return (
                ("active" not in params or data["active"] == (params["active"] == "true"))
                and params.get("coupon") in (None, data["promotion"]["coupon"])
                and params.get("customer") in (None, data["customer"])
                and within(params.get("created"), data["created"])
            )

        rows = self._by_code.get(params["code"].upper(), []) if "code" in params else self.rows
        return page_of(
            rows,
            params,
            url="/v1/promotion_codes",
            known=self.by_id,
            what="promotion code",
            fits=fits,
            shown=lambda row: row.data,
        )

    def summary(self) -> list[dict[str, Any]]:
        return [
            {"id": row.id, "code": row.data["code"], "coupon": row.data["promotion"]["coupon"],
             "payout_id": row.data["metadata"].get("payout_id"), "metadata": row.data["metadata"]}
            for row in self.rows
        ]  # fmt: skip

    def restore(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "coupon":
            self.coupons[data["id"]] = Row(data["id"], len(self.coupons), data)
            return
        row = Row(data["id"], len(self.rows), data)
        self.rows.append(row)
        self.by_id[row.id] = row
        self._by_code.setdefault(data["code"].upper(), []).append(row)


def _number(params: dict[str, Any], key: str) -> int | None:
    return whole(params, key, least=1) if key in params else None
