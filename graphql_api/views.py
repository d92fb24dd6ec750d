"""GraphQL over HTTP: one operation a request, errors as JSON, and GraphiQL for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from referral_blocks.views.origin import is_same_origin

from .context import Context
from .errors import ErrorCode, present
from .operation import Operation, RequestRefused, from_body, from_query_string
from .schema import schema

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


# No CSRF token is needed: cookies count only where another site cannot have sent the request (see post).
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class GraphQLView(View):
    """GET answers queries, and GraphiQL to a browser's address bar; POST answers queries and mutations."""

    http_method_names = ["get", "post", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if "query" not in request.GET and request.get_preferred_type([JSON, "text/html"]) == "text/html":
            return graphiql(request)
        return self._answer(request, from_query_string, cookies={}, allowed={OperationType.QUERY})

    def post(self, request: HttpRequest) -> HttpResponse:
        # A form of another site cannot send JSON, and its script says where it comes from.
        cookies = request.COOKIES if request.content_type == JSON and is_same_origin(request) else {}
        return self._answer(request, from_body, cookies=cookies, allowed={OperationType.QUERY, OperationType.MUTATION})

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _refused(request, 405, _("GraphQL is asked with GET or POST."))

    def _answer(
        self,
        request: HttpRequest,
        read: Callable[[HttpRequest], Operation],
        *,
        cookies: Mapping[str, str],
        allowed: set[OperationType],
    ) -> HttpResponse:
        try:
            operation = read(request)
            result = schema.execute_sync(
                operation.query,
                variable_values=operation.variables,
                operation_name=operation.name,
                context_value=Context(request, cookies),
                allowed_operation_types=allowed,
            )
        except RequestRefused as refused:
            return _refused(request, refused.status, refused.message)
        except CannotGetOperationTypeError:
            return _refused(request, 400, _("The document has no such operation."))
        except InvalidOperationTypeError:
            return _refused(request, 405, _("Send mutations with POST; subscriptions are not served here."))
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body = {"errors": present(result.errors), **body}
        return _respond(request, body, executed=result.data is not None or _was_executed(result.errors))


def graphiql(request: HttpRequest) -> HttpResponse:
    """The in-browser editor, from the site's own files."""
    return render(request, "graphql_api/graphiql.html")


def _was_executed(errors: Any) -> bool:
    """An error with a path comes from a field; any other says that nothing was run."""
    return any(error.path for error in errors or ())


def _respond(request: HttpRequest, body: Mapping[str, Any], *, executed: bool) -> HttpResponse:
    """GraphQL over HTTP §6.4: the older media type says 200 even for a document that is not valid."""
    if not _wants_graphql_json(request):
        return JsonResponse(body)
    return JsonResponse(body, content_type=GRAPHQL_JSON, status=200 if executed else 400)


def _refused(request: HttpRequest, status: int, message: str) -> HttpResponse:
    body = {"errors": [{"message": message, "extensions": {"code": ErrorCode.BAD_REQUEST.value}}]}
    response = JsonResponse(body, status=status, content_type=GRAPHQL_JSON if _wants_graphql_json(request) else JSON)
    if status == 405:
        response["Allow"] = "GET, POST"
    return response


def _wants_graphql_json(request: HttpRequest) -> bool:
    return any(str(accepted).startswith(GRAPHQL_JSON) and accepted.quality > 0 for accepted in request.accepted_types)
