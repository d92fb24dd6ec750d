"""What Stripe's refusals and silences mean for a payout.

Sources: https://docs.stripe.com/error-codes, https://docs.stripe.com/error-low-level and
https://docs.stripe.com/api/idempotent_requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import stripe

from referral_blocks.payouts.provider import Outcome, PayoutResult, ProviderUnavailable

SHORT_WAIT = timedelta(minutes=15)  # until somebody has had time to top the balance up
LONG_WAIT = timedelta(hours=1)  # until somebody has had time to give us another key

# Our balance is too small: nobody's payout goes through until it is filled.
BALANCE_CODES = frozenset({"balance_insufficient", "insufficient_funds"})
# The recipient has to do something at Stripe, or is no longer there.
RECIPIENT_CODES = frozenset(
    {
        "account_closed",
        "account_invalid",
        "capability_not_enabled",
        "insufficient_capabilities_for_transfer",
        "payouts_not_allowed",
        "transfers_not_allowed",
    }
)
MISSING_CODES = frozenset({"not_found", "resource_missing"})
RECIPIENT_PARAMS = frozenset({"customer", "destination", "to[recipient]"})
RECIPIENT_ERRORS = (
    stripe.CapabilityNotEnabledError,
    stripe.InvalidPayoutMethodError,
    stripe.RecipientNotNotifiableError,
)
PLATFORM_ERRORS = (
    stripe.AuthenticationError,
    stripe.PermissionError,
    stripe.FeatureNotEnabledError,
    stripe.FinancialAccountNotOpenError,
    stripe.QuotaExceededError,
)
KEYS = re.compile(r"\b(?:sk|rk|pk|ek|whsec)_[\w*.-]+")


def result_of(error: stripe.StripeError, *, tried_before: bool) -> PayoutResult:
    """The outcome that this error proves, and no more than it proves.

    v1 keeps the first answer of a key once the work has begun, refusals too, and gives it again: a refusal of the work
    is true of every try. What refuses the caller comes before that, and says nothing about an earlier try.
    """
    outcome, wait = _meaning(error, tried_before)
    refused = outcome == Outcome.NOT_NOW and isinstance(error, PLATFORM_ERRORS)
    return PayoutResult(outcome, response=facts_of(error), message=message_of(error), retry_after=wait, refused=refused)


def reversal_result(error: stripe.StripeError) -> PayoutResult:
    """The same for taking back: what is short then is the recipient's balance, and waiting would not fill it."""
    result = result_of(error, tried_before=True)
    if result.outcome in (Outcome.NOT_NOW, Outcome.NEEDS_ACTION):
        return PayoutResult(Outcome.FAILED_FINAL, response=result.response, message=result.message)
    return result


def _meaning(error: stripe.StripeError, tried_before: bool) -> tuple[Outcome, timedelta | None]:
    code = code_of(error)
    if isinstance(error, stripe.RateLimitError):
        return Outcome.FAILED_RETRYABLE, _asked_to_wait(error)
    # No answer, an answer that nobody can read, 5xx, 409 while a first request runs, or another body under this key.
    if isinstance(error, stripe.APIConnectionError | stripe.APIError | stripe.IdempotencyError) or _is_unsure(error):
        return Outcome.UNKNOWN, None
    if code in BALANCE_CODES or isinstance(error, stripe.InsufficientFundsError):
        return Outcome.NOT_NOW, SHORT_WAIT
    if _is_about_recipient(error, code):
        return Outcome.NEEDS_ACTION, None
    if isinstance(error, PLATFORM_ERRORS):
        return (Outcome.UNKNOWN if tried_before else Outcome.NOT_NOW), LONG_WAIT
    return Outcome.FAILED_FINAL, None


def _is_unsure(error: stripe.StripeError) -> bool:
    status = error.http_status
    return status is None or status == 409 or not 400 <= status < 500


def _is_about_recipient(error: stripe.StripeError, code: str) -> bool:
    if code in RECIPIENT_CODES or isinstance(error, RECIPIENT_ERRORS):
        return True
    # The object that was posted to is gone, or the one that was named is.
    return code in MISSING_CODES and (error.http_status == 404 or _param(error) in RECIPIENT_PARAMS)


def _asked_to_wait(error: stripe.StripeError) -> timedelta | None:
    seconds = str((error.headers or {}).get("Retry-After", ""))
    return timedelta(seconds=min(int(seconds), 3600)) if seconds.isdecimal() else timedelta(seconds=30)


def code_of(error: stripe.StripeError) -> str:
    """Stripe's own code; some classes of the SDK keep it in the body alone."""
    return str(error.code or getattr(error.error, "code", None) or "")


def _param(error: stripe.StripeError) -> str:
    return str(getattr(error, "param", None) or getattr(error.error, "param", None) or "")


def facts_of(error: stripe.StripeError) -> dict[str, Any]:
    """What staff, and Stripe's support, need to find the request again."""
    found = {
        "error": type(error).__name__,
        "code": code_of(error),
        "param": _param(error),
        "status": error.http_status,
        "request_id": error.request_id,
    }
    return {name: value for name, value in found.items() if value}


def message_of(error: stripe.StripeError) -> str:
    """Stripe's sentence without anything that looks like a key; only the kind where it is about the network, whose
    sentences quote addresses and headers."""
    if isinstance(error, stripe.APIConnectionError):
        return "No answer from Stripe"
    if isinstance(error, stripe.APIError):
        return f"Stripe answered with an error of its own ({error.http_status or 'unreadable'})"
    return KEYS.sub("…", str(error.user_message or type(error).__name__))[:300]


@contextmanager
def reading() -> Iterator[None]:
    """What goes wrong while reading is ProviderUnavailable; no traceback shows the SDK's error, which quotes the
    request."""
    try:
        yield
    except stripe.StripeError as error:
        request_id = facts_of(error).get("request_id", "")
        raise ProviderUnavailable(f"{message_of(error)} {request_id}".strip()) from None


def is_missing(error: stripe.StripeError) -> bool:
    """Whether Stripe says that what was asked for is not there."""
    return error.http_status == 404 and code_of(error) in MISSING_CODES


def asking(call: Callable[[], PayoutResult], *, tried_before: bool) -> PayoutResult:
    """The result of asking Stripe for a payout, whatever that raises."""
    try:
        return call()
    except stripe.StripeError as error:
        return result_of(error, tried_before=tried_before)


def looking(call: Callable[[], PayoutResult]) -> PayoutResult:
    """The result of a look-up; whatever it is refused with says nothing about the payout."""
    try:
        return call()
    except stripe.StripeError as error:
        wait = _asked_to_wait(error) if isinstance(error, stripe.RateLimitError) else None
        return PayoutResult(Outcome.UNKNOWN, response=facts_of(error), message=message_of(error), retry_after=wait)
