"""What a caller may spend, and the headers that say how much is left.

Headers as in the IETF's draft-ietf-httpapi-ratelimit-headers (RateLimit-Policy, RateLimit); Retry-After is RFC 9110.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.translation import gettext as _

from referral_blocks.core.conf import get_conf
from referral_blocks.core.ratelimit import spend
from referral_blocks.core.visitor import ip_hash
from referral_blocks.referrers.tokens import access_referrer_id

from .errors import ErrorCode
from .operation import RequestRefused

if TYPE_CHECKING:
    from .context import Context

POLICY = '"cost"'


def charge(context: Context, cost: int) -> None:
    """Count ``cost`` for the caller; raises RequestRefused with 429 when it is more than they have left."""
    caller, limit = _caller(context)
    context.allowance = spend("graphql", caller, limit=limit, cost=cost) if cost else context.allowance
    if context.allowance is not None and not context.allowance.admitted:
        raise RequestRefused(
            429,
            _("Too much was asked in a short time. Wait %(seconds)d seconds.") % {"seconds": context.allowance.reset},
            code=ErrorCode.RATE_LIMITED,
            headers={"Retry-After": str(context.allowance.reset)},
        )


def refuse_cost(cost: int) -> None:
    """Raises RequestRefused for an operation that costs more than any may."""
    most = get_conf().API_MAX_COST
    if cost > most:
        message = _(
            "This costs %(cost)d, and at most %(max)d may be asked at once. Ask for shorter lists with “first”."
        )
        raise RequestRefused(400, message % {"cost": cost, "max": most}, code=ErrorCode.TOO_COMPLEX)


def add_headers(context: Context, response: HttpResponse) -> None:
    """Say what the caller may spend, and what is left of it."""
    if (allowance := context.allowance) is not None:
        response["RateLimit-Policy"] = f"{POLICY};q={allowance.limit};w={allowance.window}"
        response["RateLimit"] = f"{POLICY};r={allowance.remaining};t={allowance.reset}"


def _caller(context: Context) -> tuple[str, str]:
    """Whom to count, and their limit. A bearer that is not genuine counts for its network address: nobody gets more by
    making texts up. So does a cookie: the pages of one household share a little. All apps of one referrer share, or
    whoever signs in again and again would have as many allowances."""
    conf = get_conf()
    if (key := context.api_key) is not None:
        return f"key:{key.pk}", conf.API_RATE_KEY
    if context.staff is not None:
        return f"staff:{context.staff.pk}", conf.API_RATE_KEY
    if context.bearer and (referrer := access_referrer_id(context.bearer)):
        return f"referrer:{referrer}", conf.API_RATE_REFERRER
    return f"ip:{ip_hash(context.request)}", conf.API_RATE_ANONYMOUS
