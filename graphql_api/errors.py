"""What goes wrong, in two kinds: refusals of input inside a payload, and errors of the whole request."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterable
from enum import Enum, StrEnum
from typing import Any

import strawberry
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from graphql import GraphQLError
from strawberry.relay import InvalidGlobalIDError

from referral_blocks.core.conf import get_conf
from referral_blocks.core.errors import DomainError

logger = logging.getLogger(__name__)

TOO_MANY_DIGITS = "integer string conversion"  # how Python says that it does not read so long a number
SUGGESTION = re.compile(r" Did you mean [^?]*\?")  # where the schema is not to be read, names are not told either


@strawberry.enum(description="Why input was refused. Stable: decide by this and show the message.")
class UserErrorCode(Enum):
    """One member for every code that the flows raise; a test holds the two together."""

    ALREADY_REFERRED = strawberry.enum_value("already_referred", description="The friend has a referral by now.")
    BEFORE_REFERRAL = strawberry.enum_value("before_referral", description="Sold before the friend was referred.")
    BLANK = strawberry.enum_value("blank", description="The code is empty.")
    BLOCKED_WORD = strawberry.enum_value("blocked_word", description="The code holds a word that is not allowed.")
    CANNOT_JOIN_GROUP = strawberry.enum_value("cannot_join_group", description="This friend cannot join the group.")
    CONFLICT = strawberry.enum_value("conflict", description="The same external id came before with other content.")
    CREDIT_EXPIRED = strawberry.enum_value("credit_expired", description="The friend’s time to buy was over.")
    CURRENCY_MISMATCH = strawberry.enum_value("currency_mismatch", description="Not the programme’s currency.")
    DOUBLE_COLUMNS = strawberry.enum_value("double_columns", description="The file has two columns of one name.")
    EMPTY_FILE = strawberry.enum_value("empty_file", description="The file has no rows.")
    FILE_TOO_LARGE = strawberry.enum_value("file_too_large", description="The file is too large.")
    GROUP_CLOSED = strawberry.enum_value("group_closed", description="The group is complete or has expired.")
    GROUP_FULL = strawberry.enum_value("group_full", description="All places of the group are taken.")
    HAS_REWARDS = strawberry.enum_value(
        "has_rewards", description="Rewards were promised already, so the credit stays."
    )
    IN_FUTURE = strawberry.enum_value("in_future", description="A moment that has not come yet.")
    INVALID = strawberry.enum_value("invalid", description="Malformed in a way that has no code of its own.")
    INVALID_AMOUNT = strawberry.enum_value("invalid_amount", description="No number, not positive, or too large.")
    INVALID_CHARACTER = strawberry.enum_value(
        "invalid_character", description="The code holds a character that is not allowed."
    )
    INVALID_COUNTRY = strawberry.enum_value("invalid_country", description="No two letters of a country.")
    INVALID_CURRENCY = strawberry.enum_value("invalid_currency", description="ISO 4217 knows no such currency.")
    INVALID_EMAIL = strawberry.enum_value("invalid_email", description="Not an e-mail address.")
    INVALID_FILE = strawberry.enum_value("invalid_file", description="The file cannot be read.")
    INVALID_KIND = strawberry.enum_value("invalid_kind", description="No such kind.")
    INVALID_NAME = strawberry.enum_value("invalid_name", description="A name with an address or a link in it.")
    INVALID_PERCENT = strawberry.enum_value("invalid_percent", description="Not a percentage above 0 and up to 100.")
    INVALID_RANGE = strawberry.enum_value("invalid_range", description="The end is before the beginning.")
    INVALID_SCORE = strawberry.enum_value("invalid_score", description="Not a score from 0 to 100.")
    INVALID_SIDE = strawberry.enum_value("invalid_side", description="Not a side of the referral.")
    INVALID_TEXT = strawberry.enum_value("invalid_text", description="The text holds control characters.")
    INVALID_TOKEN = strawberry.enum_value("invalid_token", description="The token is damaged or too old.")
    INVALID_URL = strawberry.enum_value("invalid_url", description="Not an address that can be called.")
    INVALID_VALUE = strawberry.enum_value("invalid_value", description="The value does not fit the fact.")
    MISSING_COLUMNS = strawberry.enum_value("missing_columns", description="The file lacks columns.")
    NEEDS_SALE = strawberry.enum_value("needs_sale", description="This asks about a sale, and there is none.")
    NO_ATTRIBUTION = strawberry.enum_value("no_attribution", description="Nothing says who invited the friend.")
    NO_DISPUTE = strawberry.enum_value("no_dispute", description="No such dispute was recorded.")
    NO_FRIEND = strawberry.enum_value("no_friend", description="This asks about a friend, and there is none.")
    NO_REFERRAL = strawberry.enum_value("no_referral", description="Nobody with this address was referred.")
    NO_SALE = strawberry.enum_value("no_sale", description="No sale with this id.")
    NOT_ALLOWED = strawberry.enum_value("not_allowed", description="The caller is known but may not do this.")
    NOT_ENOUGH_POINTS = strawberry.enum_value("not_enough_points", description="The balance is smaller.")
    NOT_FOUND = strawberry.enum_value("not_found", description="There is no such thing on this site.")
    NOT_USED = strawberry.enum_value("not_used", description="This is not asked for here.")
    OFFER_CLOSED = strawberry.enum_value("offer_closed", description="The offer is not open.")
    OPEN_REWARDS = strawberry.enum_value("open_rewards", description="Something was not received and not given up.")
    OUT_OF_RANGE = strawberry.enum_value("out_of_range", description="Too small or too large.")
    PRIVATE_ADDRESS = strawberry.enum_value("private_address", description="The address is not on the public internet.")
    PROGRAM_CLOSED = strawberry.enum_value("program_closed", description="The programme is not open now.")
    PROVIDER_UNAVAILABLE = strawberry.enum_value(
        "provider_unavailable", description="The payment provider cannot be reached: try again later."
    )
    RATE_LIMITED = strawberry.enum_value("rate_limited", description="Too many tries: wait, then try again.")
    REQUIRED = strawberry.enum_value("required", description="The field cannot be empty.")
    RETURN_NOT_ALLOWED = strawberry.enum_value(
        "return_not_allowed", description="The site’s settings do not name this page."
    )
    SELF_REFERRAL = strawberry.enum_value("self_referral", description="Nobody can refer themselves.")
    TAKEN = strawberry.enum_value("taken", description="Somebody else has this code.")
    TERMS_NOT_ACCEPTED = strawberry.enum_value("terms_not_accepted", description="The terms have to be accepted.")
    TOO_LONG = strawberry.enum_value("too_long", description="The text is longer than the field takes.")
    TOO_MANY_DECIMALS = strawberry.enum_value("too_many_decimals", description="The currency has fewer decimals.")
    TOO_MANY_GROUPS = strawberry.enum_value("too_many_groups", description="The referrer has an open group already.")
    TOO_MANY_ROWS = strawberry.enum_value("too_many_rows", description="The file has too many rows.")
    TOO_MUCH = strawberry.enum_value("too_much", description="More than is left of the sale, or than is owed.")
    TOO_SHORT = strawberry.enum_value("too_short", description="The code is too short.")
    UNKNOWN_CHOICE = strawberry.enum_value("unknown_choice", description="Not one of the choices.")
    UNKNOWN_CODE = strawberry.enum_value("unknown_code", description="No such referral code in this programme.")
    UNKNOWN_COLUMNS = strawberry.enum_value("unknown_columns", description="The file has columns that nobody knows.")
    UNKNOWN_FACT = strawberry.enum_value("unknown_fact", description="No such fact.")
    UNKNOWN_HOST = strawberry.enum_value("unknown_host", description="The host name of the address is not found.")
    UNKNOWN_KIND = strawberry.enum_value("unknown_kind", description="No such kind of reward rule.")
    UNKNOWN_METHOD = strawberry.enum_value("unknown_method", description="No such way of paying.")
    UNKNOWN_OPERATOR = strawberry.enum_value("unknown_operator", description="The fact cannot be compared so.")
    UNKNOWN_SOURCE = strawberry.enum_value("unknown_source", description="No such source of sales.")
    WRONG_STATE = strawberry.enum_value("wrong_state", description="The present state forbids the step.")


@strawberry.type(description="One reason why input was refused; nothing was written.")
class UserError:
    code: UserErrorCode = strawberry.field(description="What is wrong, for programs.")
    path: list[str] = strawberry.field(description="Which input field has to change; empty when no single one does.")
    message: str = strawberry.field(description="What is wrong and what to do, in the language of the request.")


def user_errors(error: DomainError) -> list[UserError]:
    """All that is refused, as a payload carries it."""
    return [_user_error(one) for one in error.all]


def _user_error(error: DomainError) -> UserError:
    """A code that a third party's plug made up is told as INVALID."""
    try:
        code = UserErrorCode(error.code)
    except ValueError:
        logger.warning("UserErrorCode has no member for the code %r", error.code)
        code = UserErrorCode.INVALID
    return UserError(code=code, path=list(error.path), message=str(error.message))


class ErrorCode(StrEnum):
    """``extensions.code`` of errors that belong to the request and not to a field of the input."""

    BAD_REQUEST = "BAD_REQUEST"  # nothing was run
    BAD_USER_INPUT = "BAD_USER_INPUT"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    FORBIDDEN = "FORBIDDEN"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    IDEMPOTENCY_KEY_REQUIRED = "IDEMPOTENCY_KEY_REQUIRED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INTERNAL = "INTERNAL"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"  # Apollo’s clients know it
    RATE_LIMITED = "RATE_LIMITED"
    STREAM_ENDED = "STREAM_ENDED"  # connect again, with the last cursor
    TIMEOUT = "TIMEOUT"
    TOO_COMPLEX = "TOO_COMPLEX"
    TOO_MANY_STREAMS = "TOO_MANY_STREAMS"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNTRUSTED_DOCUMENT = "UNTRUSTED_DOCUMENT"
    UNVERIFIED = "UNVERIFIED"


def refusal(code: ErrorCode, message: str | Promise) -> GraphQLError:
    """An error to raise from a resolver; it reaches the caller as it is."""
    return GraphQLError(str(message), extensions={"code": code.value})


def present(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """The errors as JSON. What nobody foresaw is logged and replaced by a reference, so that no inside shows."""
    return [_present(error) for error in errors]


def unforeseen(cause: Exception) -> dict[str, Any]:
    """What went wrong outside of any field, as JSON."""
    return dict(_masked(GraphQLError(""), cause).formatted)


def _present(error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    if isinstance(cause, RecursionError):
        error = refusal(ErrorCode.TOO_COMPLEX, _("This document is nested too deeply."))
    elif isinstance(cause, ValueError) and TOO_MANY_DIGITS in str(cause):
        error = refusal(ErrorCode.BAD_REQUEST, _("This document holds a number that is too long."))
    elif isinstance(error, InvalidGlobalIDError) or isinstance(cause, InvalidGlobalIDError):
        error = GraphQLError(
            _("One of the ids is none that this API gave: send ids back as they came."),
            nodes=error.nodes,
            path=error.path,
        )
    elif cause is not None and not isinstance(cause, GraphQLError):
        error = _masked(error, cause)
    code = ErrorCode.BAD_USER_INPUT if error.path else ErrorCode.BAD_REQUEST
    shown = {"extensions": {"code": code.value}, **error.formatted}
    if not get_conf().API_INTROSPECTION:
        shown["message"] = SUGGESTION.sub("", shown["message"])
    return shown


def _masked(error: GraphQLError, cause: Exception) -> GraphQLError:
    reference = str(uuid.uuid4())
    # Only the cause: the error itself quotes the document, which may hold tokens.
    logger.error("Unexpected error %s in a GraphQL operation", reference, exc_info=cause)
    return GraphQLError(
        _("Something went wrong on our side. If it happens again, tell us this reference: %(reference)s")
        % {"reference": reference},
        nodes=error.nodes,
        path=error.path,
        extensions={"code": ErrorCode.INTERNAL.value, "reference": reference},
    )
