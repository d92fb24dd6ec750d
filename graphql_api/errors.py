"""What goes wrong, in two kinds: refusals of input inside a payload, and errors of the whole request."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from enum import Enum, StrEnum
from typing import Any

import strawberry
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from graphql import GraphQLError

from referral_blocks.core.errors import DomainError

logger = logging.getLogger(__name__)


@strawberry.enum(description="Why input was refused. Stable: decide by this and show the message.")
class UserErrorCode(Enum):
    """One member for every code that the flows raise; a test holds the two together."""

    BEFORE_REFERRAL = strawberry.enum_value("before_referral", description="Sold before the friend was referred.")
    CONFLICT = strawberry.enum_value("conflict", description="The same external id came before with other content.")
    CREDIT_EXPIRED = strawberry.enum_value("credit_expired", description="The friend’s time to buy was over.")
    CURRENCY_MISMATCH = strawberry.enum_value("currency_mismatch", description="Not the programme’s currency.")
    IN_FUTURE = strawberry.enum_value("in_future", description="A moment that has not come yet.")
    INVALID = strawberry.enum_value("invalid", description="Malformed in a way that has no code of its own.")
    INVALID_AMOUNT = strawberry.enum_value("invalid_amount", description="No number, not positive, or too large.")
    INVALID_CURRENCY = strawberry.enum_value("invalid_currency", description="ISO 4217 knows no such currency.")
    INVALID_NAME = strawberry.enum_value("invalid_name", description="A name with an address or a link in it.")
    INVALID_EMAIL = strawberry.enum_value("invalid_email", description="Not an e-mail address.")
    INVALID_TEXT = strawberry.enum_value("invalid_text", description="The text holds control characters.")
    INVALID_TOKEN = strawberry.enum_value("invalid_token", description="The token is damaged or too old.")
    NO_ATTRIBUTION = strawberry.enum_value("no_attribution", description="Nothing says who invited the friend.")
    NO_REFERRAL = strawberry.enum_value("no_referral", description="Nobody with this address was referred.")
    NOT_ALLOWED = strawberry.enum_value("not_allowed", description="The caller is known but may not do this.")
    NOT_FOUND = strawberry.enum_value("not_found", description="There is no such thing on this site.")
    PROGRAM_CLOSED = strawberry.enum_value("program_closed", description="The programme is not open now.")
    RATE_LIMITED = strawberry.enum_value("rate_limited", description="Too many tries: wait, then try again.")
    REQUIRED = strawberry.enum_value("required", description="The field cannot be empty.")
    TERMS_NOT_ACCEPTED = strawberry.enum_value("terms_not_accepted", description="The terms have to be accepted.")
    TOO_LONG = strawberry.enum_value("too_long", description="The text is longer than the field takes.")
    TOO_MANY_DECIMALS = strawberry.enum_value("too_many_decimals", description="The currency has fewer decimals.")
    UNKNOWN_CODE = strawberry.enum_value("unknown_code", description="No such referral code in this programme.")
    WRONG_STATE = strawberry.enum_value("wrong_state", description="The present state forbids the step.")


@strawberry.type(description="One reason why input was refused; nothing was written.")
class UserError:
    code: UserErrorCode = strawberry.field(description="What is wrong, for programs.")
    path: list[str] = strawberry.field(description="Which input field has to change; empty when no single one does.")
    message: str = strawberry.field(description="What is wrong and what to do, in the language of the request.")


def user_errors(error: DomainError) -> list[UserError]:
    """The refusal as a payload carries it; a code that a third party's plug made up is told as INVALID."""
    try:
        code = UserErrorCode(error.code)
    except ValueError:
        logger.warning("UserErrorCode has no member for the code %r", error.code)
        code = UserErrorCode.INVALID
    return [UserError(code=code, path=list(error.path), message=str(error.message))]


class ErrorCode(StrEnum):
    """``extensions.code`` of errors that belong to the request and not to a field of the input."""

    BAD_REQUEST = "BAD_REQUEST"  # nothing was run
    BAD_USER_INPUT = "BAD_USER_INPUT"
    FORBIDDEN = "FORBIDDEN"
    INTERNAL = "INTERNAL"
    TOO_COMPLEX = "TOO_COMPLEX"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNVERIFIED = "UNVERIFIED"


def refusal(code: ErrorCode, message: str | Promise) -> GraphQLError:
    """An error to raise from a resolver; it reaches the caller as it is."""
    return GraphQLError(str(message), extensions={"code": code.value})


def present(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """The errors as JSON. What nobody foresaw is logged and replaced by a reference, so that no inside shows."""
    return [_present(error) for error in errors]


def _present(error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    if isinstance(cause, RecursionError):
        error = refusal(ErrorCode.TOO_COMPLEX, _("This document is nested too deeply."))
    elif cause is not None and not isinstance(cause, GraphQLError):
        error = _masked(error, cause)
    code = ErrorCode.BAD_USER_INPUT if error.path else ErrorCode.BAD_REQUEST
    return {"extensions": {"code": code.value}, **error.formatted}


def _masked(error: GraphQLError, cause: Exception) -> GraphQLError:
    reference = str(uuid.uuid4())
    # Only the cause: the error itself quotes the document, which may hold tokens.
    logger.error("Unexpected error %s in a GraphQL field", reference, exc_info=cause)
    return GraphQLError(
        _("Something went wrong on our side. If it happens again, tell us this reference: %(reference)s")
        % {"reference": reference},
        nodes=error.nodes,
        path=error.path,
        extensions={"code": ErrorCode.INTERNAL.value, "reference": reference},
    )
