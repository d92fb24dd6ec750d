"""What each of Stripe's errors proves about a payout."""

from __future__ import annotations

import traceback
from datetime import timedelta

import pytest
import stripe as sdk

from referral_blocks.payouts.provider import Outcome, ProviderUnavailable
from referral_blocks.payouts.providers.stripe.errors import reading, result_of, reversal_result

SHORT, LONG = timedelta(minutes=15), timedelta(hours=1)


def invalid(code, status=400, param=None):
    body = {"error": {"code": code, "type": "invalid_request_error", "message": "No."}}
    return sdk.InvalidRequestError("No.", param, code=code, http_status=status, json_body=body)


def other(kind, status, code=None, **headers):
    body = {"error": {"code": code, "message": "No."}}
    return kind("No.", http_status=status, json_body=body, headers=headers or None)


@pytest.mark.parametrize(
    ("error", "outcome", "wait", "refused"),
    [
        (sdk.APIConnectionError("timed out"), Outcome.UNKNOWN, None, False),
        (other(sdk.APIError, 500), Outcome.UNKNOWN, None, False),
        (other(sdk.APIError, 409, "idempotency_key_in_use"), Outcome.UNKNOWN, None, False),
        (sdk.APIError("Invalid response object", "<html>", 403), Outcome.UNKNOWN, None, False),
        (other(sdk.IdempotencyError, 400), Outcome.UNKNOWN, None, False),
        (other(sdk.RateLimitError, 429), Outcome.FAILED_RETRYABLE, timedelta(seconds=30), False),
        (
            other(sdk.RateLimitError, 429, "lock_timeout", **{"Retry-After": "7"}),
            Outcome.FAILED_RETRYABLE,
            timedelta(seconds=7),
            False,
        ),
        (invalid("balance_insufficient"), Outcome.NOT_NOW, SHORT, False),
        (other(sdk.InsufficientFundsError, 400), Outcome.NOT_NOW, SHORT, False),
        (invalid("transfers_not_allowed"), Outcome.NEEDS_ACTION, None, False),
        (invalid("account_invalid"), Outcome.NEEDS_ACTION, None, False),
        (other(sdk.PermissionError, 403, "account_invalid"), Outcome.NEEDS_ACTION, None, False),
        (invalid("resource_missing", param="destination"), Outcome.NEEDS_ACTION, None, False),
        (invalid("resource_missing", 404, param="id"), Outcome.NEEDS_ACTION, None, False),
        (other(sdk.CapabilityNotEnabledError, 400), Outcome.NEEDS_ACTION, None, False),
        (other(sdk.InvalidPayoutMethodError, 400), Outcome.NEEDS_ACTION, None, False),
        (other(sdk.AuthenticationError, 401), Outcome.NOT_NOW, LONG, True),
        (other(sdk.PermissionError, 403), Outcome.NOT_NOW, LONG, True),
        (other(sdk.FeatureNotEnabledError, 400), Outcome.NOT_NOW, LONG, True),
        (invalid("resource_missing", param="promotion[coupon]"), Outcome.FAILED_FINAL, None, False),
        (invalid("parameter_unknown"), Outcome.FAILED_FINAL, None, False),
        (invalid(None, 404), Outcome.FAILED_FINAL, None, False),
        (other(sdk.BlockedByStripeError, 400), Outcome.FAILED_FINAL, None, False),
    ],
)
def test_an_error_proves_no_more_than_it_says(error, outcome, wait, refused):
    result = result_of(error, tried_before=False)
    assert (result.outcome, result.retry_after, result.refused) == (outcome, wait, refused)
    assert result.message
    assert result.response["error"] == type(error).__name__


@pytest.mark.parametrize("kind", [sdk.AuthenticationError, sdk.PermissionError])
def test_a_key_that_is_refused_says_nothing_about_an_earlier_try(kind):
    # A first try may have paid before the key was taken away: a new key would pay again.
    result = result_of(other(kind, 403), tried_before=True)
    assert (result.outcome, result.retry_after, result.refused) == (Outcome.UNKNOWN, LONG, False)


def test_a_balance_that_is_short_is_proven_at_every_try():
    # Stripe gives the first answer again: had an earlier try paid, it would say so.
    assert result_of(invalid("balance_insufficient"), tried_before=True).outcome == Outcome.NOT_NOW


@pytest.mark.parametrize("error", [invalid("balance_insufficient"), invalid(None), invalid("resource_missing", 404)])
def test_a_reversal_that_is_refused_is_not_waited_for(error):
    result = reversal_result(error)
    assert (result.outcome, result.retry_after) == (Outcome.FAILED_FINAL, None)


def test_a_reversal_without_an_answer_is_unknown():
    assert reversal_result(sdk.APIConnectionError("timed out")).outcome == Outcome.UNKNOWN


def test_no_key_gets_into_a_message():
    error = invalid("x")
    error._message = "Invalid API Key provided: sk_live_abcDEF123*** for rk_test_9, whsec_zzz"
    result = result_of(error, tried_before=False)
    assert result.message == "Invalid API Key provided: … for …, …"
    with pytest.raises(ProviderUnavailable) as raised, reading():
        raise error
    assert "sk_live" not in str(raised.value)
    # No traceback shows the SDK's own error, which quotes the request.
    assert "sk_live" not in "".join(traceback.format_exception(raised.value))
