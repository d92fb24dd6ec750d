"""GraphQL over HTTP: one operation a request, errors as JSON, and GraphiQL for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from django.db import Error as DatabaseGone
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from referral_blocks.access.answers import Replay
from referral_blocks.core.conf import get_conf
from referral_blocks.views.origin import is_same_origin
from referral_blocks.views.sign_in import forget_sessions

from . import cors, idempotency, rate
from .context import Context
from .deadline import is_too_late
from .errors import ErrorCode, present, unforeseen
from .examples import EXAMPLES
from .large import most_of
from .operation import Operation, RequestRefused, from_body, from_query_string
from .persisted import find_document, remember
from .schema import schema

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
UNDERSTOOD = {ErrorCode.PERSISTED_QUERY_NOT_FOUND, ErrorCode.TOO_COMPLEX}


# No CSRF token is needed: cookies count only where another site cannot have sent the request (see post).
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class GraphQLView(View):
    """GET answers queries, and GraphiQL to a browser's address bar; POST answers queries and mutations."""

    http_method_names = ["get", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = cast(HttpResponse, super().dispatch(request, *args, **kwargs))
        cors.add_headers(request, response)
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return cors.preflight(request)

    def get(self, request: HttpRequest) -> HttpResponse:
        if "query" not in request.GET and request.get_preferred_type([JSON, "text/html"]) == "text/html":
            return graphiql(request)
        return self._answer(request, from_query_string, cookies={}, allowed={OperationType.QUERY})

    def post(self, request: HttpRequest) -> HttpResponse:
        # A form of another site cannot send JSON, and its script says where it comes from.
        cookies = request.COOKIES if request.content_type == JSON and is_same_origin(request) else {}
        return self._answer(request, from_body, cookies=cookies, allowed={OperationType.QUERY, OperationType.MUTATION})

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return refuse_request(request, _not_allowed(_("GraphQL is asked with GET or POST.")))

    def _answer(
        self,
        request: HttpRequest,
        read: Callable[..., Operation],
        *,
        cookies: Mapping[str, str],
        allowed: set[OperationType],
    ) -> HttpResponse:
        context = Context(request, cookies)
        try:
            rate.charge(context, 1)
            operation = find_document(read(request, most=partial(most_of, context)))
            result = schema.execute_sync(
                operation.query,
                variable_values=operation.variables,
                operation_name=operation.name,
                context_value=context,
                allowed_operation_types=allowed,
            )
            response = _present(context, operation, result)
        except RequestRefused as refused:
            response = refuse_request(request, refused)
        except CannotGetOperationTypeError:
            response = refuse_request(request, RequestRefused(400, _("The document has no such operation.")))
        except InvalidOperationTypeError as error:
            response = refuse_request(request, _elsewhere(error.operation_type))
        except DatabaseGone as error:  # while the caller was looked at: whoever asks for JSON gets JSON
            response = _failed(request, error)
        rate.add_headers(context, response)
        if context.signed_out:
            forget_sessions(request, response)
        return response


def graphiql(request: HttpRequest) -> HttpResponse:
    """The in-browser editor, from the site's own files."""
    return render(request, "graphql_api/graphiql.html", {"examples": EXAMPLES})


def _present(context: Context, operation: Operation, result: ExecutionResult) -> HttpResponse:
    """The answer to a document that was parsed. Raises RequestRefused where something else stands in its place."""
    request, replayed = context.request, isinstance(context.instead, Replay)
    if isinstance(context.instead, RequestRefused):
        context.instead.extensions |= _cost(context)
        raise context.instead
    if isinstance(context.instead, Replay):
        body: dict[str, Any] = json.loads(context.instead.answer)
    else:
        body = {"data": result.data}
        errors = result.errors or []
        if late := next((error for error in errors if is_too_late(error)), None):
            body, errors = {"data": None}, [late]  # one clear word, and no half of an answer
        if errors:
            body = {"errors": present(errors), **body}
        idempotency.end(context, body)
    executed = replayed or result.data is not None or _was_executed(result.errors)
    if executed:
        remember(operation)
    else:
        del body["data"]  # GraphQL §7.1: there is none where nothing was run
    response = _respond(request, {**body, **_extensions(context)}, executed=executed)
    if replayed:
        response["Idempotent-Replayed"] = "true"
    return response


def _was_executed(errors: Any) -> bool:
    """An error with a path comes from a field; any other says that nothing was run."""
    return any(error.path for error in errors or ())


def _extensions(context: Context) -> dict[str, Any]:
    return {"extensions": _cost(context)} if context.cost is not None else {}


def _cost(context: Context) -> dict[str, Any]:
    """What the operation was worth, for whoever writes it."""
    if context.cost is None:
        return {}
    return {"cost": {"requested": context.cost, "maximum": get_conf().API_MAX_COST}}


def _respond(request: HttpRequest, body: Mapping[str, Any], *, executed: bool) -> HttpResponse:
    """GraphQL over HTTP §6.4: the older media type says 200 even for a document that is not valid."""
    if not _wants_graphql_json(request):
        return JsonResponse(body)
    return JsonResponse(body, content_type=GRAPHQL_JSON, status=200 if executed else 400)


def _elsewhere(kind: OperationType) -> RequestRefused:
    if kind is OperationType.SUBSCRIPTION:
        return _not_allowed(
            _("Subscriptions are streams: ask for them at %(address)s, and accept text/event-stream.")
            % {"address": reverse("graphql_api:stream")}
        )
    return _not_allowed(_("Send mutations with POST."))


def not_streamed_here(request: HttpRequest) -> HttpResponse:
    """The streams' address in a process that serves none: the proxy in front was not told where they are."""
    if request.method == "OPTIONS":
        response = cors.preflight(request)
    else:
        response = refuse_request(
            request, RequestRefused(501, _("This process serves no streams. Ask from time to time instead."))
        )
        response._has_been_logged = True  # type: ignore[attr-defined] # every visitor's element asks once: no news
    cors.add_headers(request, response)
    return response


def _not_allowed(message: str) -> RequestRefused:
    return RequestRefused(405, message, headers={"Allow": "GET, POST"})


def refuse_request(request: HttpRequest, refused: RequestRefused) -> HttpResponse:
    body: dict[str, Any] = {"errors": [{"message": refused.message, "extensions": {"code": refused.code.value}}]}
    if refused.extensions:
        body["extensions"] = refused.extensions
    newer = _wants_graphql_json(request)
    # To clients of the older media type, these are answers to a request that was understood.
    status = 200 if refused.code in UNDERSTOOD and not newer else refused.status
    return JsonResponse(body, status=status, content_type=GRAPHQL_JSON if newer else JSON, headers=refused.headers)


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    media_type = GRAPHQL_JSON if _wants_graphql_json(request) else JSON
    return JsonResponse({"errors": [unforeseen(error)]}, status=500, content_type=media_type)


def _wants_graphql_json(request: HttpRequest) -> bool:
    return any(str(accepted).startswith(GRAPHQL_JSON) and accepted.quality > 0 for accepted in request.accepted_types)
