"""The parameters that Stripe documents for what the stand-in knows; a test compares them with the SDK's own types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .stripe_errors import error


@dataclass(frozen=True, slots=True)
class Params:
    """Required and optional keys of one call."""

    required: frozenset[str]
    optional: frozenset[str]

    def check(self, params: Mapping[str, Any], *, inside: str = "") -> None:
        """``parameter_unknown`` or ``parameter_missing``, as Stripe answers before anything is executed."""
        for key in params:
            if key not in self.required and key not in self.optional:
                name = f"{inside}[{key}]" if inside else key
                raise error(400, "parameter_unknown", f"Received unknown parameter: {name}", param=name)
        for key in sorted(self.required):
            if params.get(key) in (None, ""):
                name = f"{inside}[{key}]" if inside else key
                raise error(400, "parameter_missing", f"Missing required param: {name}.", param=name)


def _params(required: str = "", optional: str = "") -> Params:
    return Params(frozenset(required.split()), frozenset(optional.split()))


_PAGE = "ending_before expand limit starting_after"

PARAMS = {
    "TransferCreateParams": _params(
        "currency destination",
        "amount description expand metadata source_transaction source_type transfer_group",
    ),
    "TransferRetrieveParams": _params("", "expand"),
    "TransferListParams": _params("", f"created destination transfer_group {_PAGE}"),
    "TransferReversalCreateParams": _params("", "amount description expand metadata refund_application_fee"),
    "TransferReversalRetrieveParams": _params("", "expand"),
    "TransferReversalListParams": _params("", _PAGE),
    "AccountExternalAccountListParams": _params("", f"object {_PAGE}"),
    "BalanceRetrieveParams": _params("", "expand"),
    "CustomerCreateParams": _params(
        "",
        "address balance business_name cash_balance description email expand individual_name invoice_prefix "
        "invoice_settings metadata name next_invoice_sequence payment_method phone preferred_locales shipping source "
        "tax tax_exempt tax_id_data test_clock validate",
    ),
    "CustomerRetrieveParams": _params("", "expand"),
    "CustomerUpdateParams": _params(
        "",
        "address balance business_name cash_balance default_source description email expand individual_name "
        "invoice_prefix invoice_settings metadata name next_invoice_sequence phone preferred_locales shipping source "
        "tax tax_exempt validate",
    ),
    "CustomerListParams": _params("", f"created email test_clock {_PAGE}"),
    "CustomerBalanceTransactionCreateParams": _params("amount currency", "description expand metadata"),
    "CustomerBalanceTransactionListParams": _params("", f"created invoice {_PAGE}"),
    "CouponCreateParams": _params(
        "",
        "amount_off applies_to currency currency_options duration duration_in_months expand id max_redemptions "
        "metadata name percent_off redeem_by",
    ),
    "CouponRetrieveParams": _params("", "expand"),
    "PromotionCodeCreateParams": _params(
        "promotion",
        "active code customer customer_account expand expires_at max_redemptions metadata restrictions",
    ),
    "PromotionCodeCreateParamsPromotion": _params("type", "coupon"),
    "PromotionCodeCreateParamsRestrictions": _params(
        "", "currency_options first_time_transaction minimum_amount minimum_amount_currency"
    ),
    "PromotionCodeRetrieveParams": _params("", "expand"),
    "PromotionCodeListParams": _params("", f"active code coupon created customer customer_account {_PAGE}"),
}

# The JSON bodies of v2. Account creation is checked at its top and for the recipient only.
PARAMS_V2 = {
    "core.AccountCreateParams": _params(
        "",
        "account_token configuration contact_email contact_phone dashboard defaults display_name identity "
        "include metadata",
    ),
    "core.AccountCreateParamsConfiguration": _params("", "customer merchant recipient"),
    "core.AccountCreateParamsConfigurationRecipient": _params("", "capabilities"),
    "core.AccountCreateParamsConfigurationRecipientCapabilities": _params("", "bank_accounts cards stripe_balance"),
    "core.AccountLinkCreateParams": _params("account use_case"),
    "core.AccountLinkCreateParamsUseCase": _params("type", "account_onboarding account_update"),
    "core.AccountLinkCreateParamsUseCaseAccountOnboarding": _params("refresh_url", "collection_options return_url"),
    "core.AccountLinkCreateParamsUseCaseAccountUpdate": _params("refresh_url", "collection_options return_url"),
    "money_management.OutboundPaymentCreateParams": _params(
        "amount from to",
        "description metadata recipient_notification recipient_verification statement_descriptor",
    ),
    "money_management.OutboundPaymentCreateParamsFrom": _params("currency financial_account"),
    "money_management.OutboundPaymentCreateParamsTo": _params(
        "recipient", "currency payout_method payout_method_options"
    ),
}


def check(name: str, params: Mapping[str, Any]) -> None:
    """The top-level keys of a v1 call."""
    PARAMS[name].check(params)
    if isinstance(metadata := params.get("metadata"), dict):
        for key, value in metadata.items():
            if len(key) > 40 or len(str(value)) > 500:
                raise error(
                    400, None, "Metadata keys have at most 40 characters, values 500.", param=f"metadata[{key}]"
                )


def check_v2(name: str, params: Any, *, inside: str = "") -> None:
    """One object of a v2 call."""
    if not isinstance(params, dict):
        raise error(400, "invalid_fields", f"{inside or 'body'} must be an object.", param=inside or None)
    PARAMS_V2[name].check(params, inside=inside)


def whole(params: Mapping[str, Any], key: str, *, least: int | None = None) -> int:
    """An integer parameter, ``parameter_invalid_integer`` when it is none or too small."""
    text = str(params.get(key, ""))
    if not re.fullmatch(r"-?\d{1,12}", text) or (least is not None and int(text) < least):
        raise error(400, "parameter_invalid_integer", f"Invalid integer: {text}", param=key)
    return int(text)


def currency_code(params: Mapping[str, Any]) -> str:
    """A currency in lower case; the stand-in holds whatever three letters it is given."""
    code = str(params.get("currency", "")).lower()
    if not re.fullmatch(r"[a-z]{3}", code):
        raise error(400, None, f"Invalid currency: {code}.", param="currency")
    return code


def within(created: Any, at: float) -> bool:
    """The ``created`` filter: an exact second, or any of gt, gte, lt, lte."""
    if not created:
        return True
    if not isinstance(created, dict):
        return int(at) == int(created)
    rules = {
        "gt": lambda bound: int(at) > bound,
        "gte": lambda bound: int(at) >= bound,
        "lt": lambda bound: int(at) < bound,
        "lte": lambda bound: int(at) <= bound,
    }
    return all(rules[name](int(bound)) for name, bound in created.items() if name in rules)
