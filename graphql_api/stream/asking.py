"""The Django side of a stream, run in a thread of a small pool: who asks for what, and one answer of the operation."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from graphql_api import cors, rate
from graphql_api.activity.live import Live, Topic
from graphql_api.context import Context
from graphql_api.deadline import is_too_late
from graphql_api.errors import ErrorCode, present
from graphql_api.operation import Operation, RequestRefused, from_body, from_query_string
from graphql_api.persisted import find_document, remember
from graphql_api.schema import schema
from graphql_api.views import UNDERSTOOD, refuse_request
from referral_blocks.activity.cursor import Cursor
from referral_blocks.activity.follow import News
from referral_blocks.views.origin import is_same_origin
from referral_blocks.views.site import site_of

from .frames import CONTENT_TYPE, next_event, refusal_event

NO_REPLY = HttpResponse()
OURS = {ErrorCode.INTERNAL.value, ErrorCode.TIMEOUT.value}


@dataclass(frozen=True, slots=True)
class Answer:
    """One result as it is sent. ``topic`` is None where nothing can be followed: it says why, and is the last.
    ``may_help``: to connect again, because the reason is ours and will pass."""

    frame: bytes
    topic: Topic | None
    may_help: bool = False
    cursor: Cursor | None = None
    has_more: bool = False
    is_empty: bool = False  # it tells of nothing new


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream that may begin: its first answer, and the headers of the response."""

    asking: Asking
    first: Answer
    caller: str
    headers: Mapping[str, str]


class Asking:
    """One HTTP request for a stream. It is asked again and again, each time as if the request had just come: a session,
    key or right that is gone meanwhile is gone for the stream, too."""

    def __init__(self, scope: Mapping[str, Any], operation: Operation, *, with_cookies: bool) -> None:
        self.scope, self.operation, self.with_cookies = scope, operation, with_cookies

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Equal for requests that are told the same of one topic, where that depends on no caller."""
        query = self.operation
        return query.query, query.name, repr(sorted((query.variables or {}).items()))

    def answer(self, *, after: Cursor | str | None = None, news: News | None = None) -> Answer:
        """Run the operation: behind the cursor, or for these news. Raises RequestRefused."""
        context = self.context()
        live = context.live = Live(after=after, news=news)
        with _language(context.request):
            if news is not None:
                rate.charge(context, 1)
            result = schema.execute_sync(
                self.operation.query,
                variable_values=self.operation.variables,
                operation_name=self.operation.name,
                context_value=context,
                allowed_operation_types={OperationType.SUBSCRIPTION},
            )
            if isinstance(context.instead, RequestRefused):
                raise context.instead
            errors = list(result.errors or ())
            late = next((error for error in errors if is_too_late(error)), None)
            errors = [late] if late else errors
            shown = present(errors)
            body: dict[str, Any] = {"errors": shown} if shown else {}
        if result.data is None or late or live.shown is None:
            body = {**body, "data": None} if errors and errors[0].path else body
            return Answer(next_event(body), None, may_help=bool(OURS & {e["extensions"]["code"] for e in shown}))
        page = live.shown
        frame = next_event({**body, "data": result.data}, cursor=str(page.cursor))
        return Answer(frame, live.topic, cursor=page.cursor, has_more=page.has_more, is_empty=not page.rows)

    def refusal(self, topic: Topic) -> bytes | None:
        """What to say to a caller who may not follow the topic any more; None while they may."""
        context = self.context()
        with _language(context.request):
            try:
                topic.check(context)
            except GraphQLError as error:
                return next_event({"errors": present([error])})
        return None

    def context(self) -> Context:
        request = as_request(self.scope, b"")
        return Context(request, request.COOKIES if self.with_cookies else {})


def open_stream(scope: Mapping[str, Any], body: bytes) -> Opened | HttpResponse:
    """Read the request and answer it for the first time; a response where there is no stream to begin."""
    request = as_request(scope, body)
    try:
        request.get_host()
        site_of(request)
    except (DisallowedHost, Http404):
        return HttpResponse(status=400)
    with _language(request):
        if request.method == "OPTIONS":
            response = cors.preflight(request)
        else:
            try:
                return _open(request, scope)
            except RequestRefused as refused:
                response = refuse_request(request, refused)
    cors.add_headers(request, response)
    return response


def refused(scope: Mapping[str, Any], why: RequestRefused) -> HttpResponse:
    """The response to a stream that cannot begin for reasons of ours."""
    request = as_request(scope, b"")
    response = refuse_request(request, why)
    cors.add_headers(request, response)
    return response


def as_request(scope: Mapping[str, Any], body: bytes) -> HttpRequest:
    """The request as Django's views see it; its session and user are looked up once somebody asks for them."""
    request = ASGIRequest(dict(scope), io.BytesIO(body))
    if "django.contrib.sessions" in settings.INSTALLED_APPS:
        SessionMiddleware(lambda _request: NO_REPLY).process_request(request)
        AuthenticationMiddleware(lambda _request: NO_REPLY).process_request(request)
    return request


def _open(request: HttpRequest, scope: Mapping[str, Any]) -> Opened:
    if request.method not in ("GET", "POST"):
        raise RequestRefused(405, _("A stream is asked for with GET or POST."), headers={"Allow": "GET, POST"})
    if request.get_preferred_type([CONTENT_TYPE]) is None:
        raise RequestRefused(406, _("Streams are sent as text/event-stream: accept that."))
    is_get = request.method == "GET"
    operation = from_query_string(request) if is_get else from_body(request)
    with_cookies = is_same_origin(request)
    if is_get:
        # EventSource: a page of another site may send the cookies with a GET, but not this header.
        with_cookies = request.headers.get("Sec-Fetch-Site") == "same-origin"
    context = Context(request, request.COOKIES if with_cookies else {})
    rate.charge(context, 1)
    asking = Asking(scope, operation, with_cookies=with_cookies)
    try:
        asking.operation = find_document(operation)
        first = asking.answer(after=_last_event(request))
    except RequestRefused as refused:
        if refused.code not in UNDERSTOOD:
            raise
        first = Answer(refusal_event(refused), None)  # the protocol wants it as an event: clients then see the reason
    except CannotGetOperationTypeError:
        raise RequestRefused(400, _("The document has no such operation.")) from None
    except InvalidOperationTypeError:
        raise RequestRefused(400, _("Only subscriptions are streamed: send this to the API itself.")) from None
    if first.topic is not None:
        remember(asking.operation)
    response = HttpResponse()
    cors.add_headers(request, response)
    rate.add_headers(context, response)
    response.headers.pop("Content-Type", None)
    return Opened(asking, first, context.caller, dict(response.headers))


def _last_event(request: HttpRequest) -> str | None:
    """Where a browser that reconnects has got to; it comes before the operation's own argument."""
    return request.headers.get("Last-Event-ID") or None


def _language(request: HttpRequest) -> Any:
    """The visitor's language, where the site speaks more than one."""
    if "django.middleware.locale.LocaleMiddleware" in settings.MIDDLEWARE:
        return translation.override(translation.get_language_from_request(request))
    return translation.override(settings.LANGUAGE_CODE)
