"""Which other origins' pages may call a site's API (Fetch standard, §3.2 CORS protocol).

Never with credentials: cookies count only on the site's own pages, whatever the origin is allowed here.
"""

from __future__ import annotations

from django.db import Error as DatabaseGone
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.utils.cache import patch_vary_headers
from wagtail.models import Site

from referral_blocks.core.conf import get_conf

METHODS = "GET, POST"
READ = ("Accept", "Accept-Language", "Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID")
# What clients add to each request by themselves, for logs and traces on its way: a browser keeps the whole request back
# where one of them is not allowed. Nothing here reads them, and nothing takes a header that a page has set for a sign
# that it may be trusted, so that an origin that may ask anyway gains nothing by them.
NOT_READ = (
    "Apollo-Require-Preflight",
    "ApolloGraphQL-Client-Name",
    "ApolloGraphQL-Client-Version",
    "Baggage",
    "GraphQL-Client-Name",
    "GraphQL-Client-Version",
    "Sentry-Trace",
    "Traceparent",
    "Tracestate",
    "X-Apollo-Operation-Id",
    "X-Apollo-Operation-Name",
)
MAY_SEND = ", ".join(READ + NOT_READ)
MAY_READ = "Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After"
REMEMBERED = "600"  # seconds that a browser keeps the answer to a preflight


def allowed_origin(request: HttpRequest) -> str:
    """What Access-Control-Allow-Origin says to this request; empty for a page that may not read the answer."""
    origin = request.headers.get("Origin", "")
    chosen = get_conf().API_CORS_ORIGINS
    if not origin or not chosen:
        return ""
    origins = {*chosen.get("*", ()), *chosen.get(_hostname(request), ())}
    if "*" in origins:
        return "*"
    return origin if origin in origins else ""


def _hostname(request: HttpRequest) -> str:
    """Of the site that is asked; while the database is away, what the request says, so that an allowed page can read
    that something is wrong."""
    try:
        site = Site.find_for_request(request)
    except DatabaseGone:
        return split_domain_port(request.get_host())[0]
    return site.hostname if site else ""


def add_headers(request: HttpRequest, response: HttpResponse) -> None:
    """Let an allowed page read the answer; for every other one the browser keeps it back."""
    if not get_conf().API_CORS_ORIGINS:
        return
    patch_vary_headers(response, ["Origin"])
    if origin := allowed_origin(request):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = MAY_READ


def preflight(request: HttpRequest) -> HttpResponse:
    """The answer to OPTIONS: what an allowed page may send, or nothing."""
    response = HttpResponse(status=204, headers={"Allow": "GET, OPTIONS, POST"})
    if "Access-Control-Request-Method" in request.headers and allowed_origin(request):
        response["Access-Control-Allow-Methods"] = METHODS
        response["Access-Control-Allow-Headers"] = MAY_SEND
        response["Access-Control-Max-Age"] = REMEMBERED
        patch_vary_headers(response, ["Access-Control-Request-Method", "Access-Control-Request-Headers"])
    return response
