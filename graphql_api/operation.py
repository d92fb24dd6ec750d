"""Reads a GraphQL request from HTTP, or says with which status it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.translation import gettext as _

from .errors import ErrorCode

MAX_BODY = 100_000  # bytes
MAX_ID = 200  # characters


class RequestRefused(Exception):
    """Nothing of the request is run; ``message`` says why, with a status and headers of its own."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: ErrorCode = ErrorCode.BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})


@dataclass(frozen=True, slots=True)
class Operation:
    """A document, and which of its operations to run with which values. ``query`` is empty until it is found by
    ``document_id``; ``registers``: its client wants to send only the hash from now on."""

    query: str
    variables: dict[str, Any] | None
    name: str | None
    document_id: str = ""
    registers: bool = False


def from_query_string(request: HttpRequest, **_given: Any) -> Operation:
    """The operation of a GET request; its variables are JSON. Raises RequestRefused."""
    given = request.GET
    if not given:  # such as what is left of a POST that was sent to the address without its slash
        raise RequestRefused(
            400,
            _("There is no “query”. If you sent a POST, a redirect has dropped it: send it to %(path)s as it is.")
            % {"path": request.path},
        )
    variables = _json(given["variables"]) if given.get("variables") else None
    return _operation(
        {
            "query": given.get("query"),
            "variables": variables,
            "operationName": given.get("operationName"),
            "documentId": given.get("documentId"),
            "extensions": _json(given["extensions"]) if given.get("extensions") else None,
        }
    )


def from_body(request: HttpRequest, *, most: Callable[[], int] = lambda: MAX_BODY) -> Operation:
    """The operation in a JSON body; ``most`` is asked how many bytes may come where there are more than MAX_BODY.
    Raises RequestRefused: 413 too large, 415 not JSON, 400 not an operation."""
    if request.content_type != "application/json":
        raise RequestRefused(415, _("Send the operation as application/json."))
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise RequestRefused(400, _("The Content-Length is not a number.")) from None
    limit = MAX_BODY if announced <= MAX_BODY else most()
    if announced > limit:
        raise RequestRefused(413, _("The body is larger than %(max)d bytes.") % {"max": limit})
    # Not ``request.body``: Django's own limit is below what a file may have, and knows nothing of a body that comes in
    # chunks and announces nothing, as an ASGI server passes it on.
    body = request.read(limit + 1)
    if len(body) > limit:
        raise RequestRefused(413, _("The body is larger than %(max)d bytes.") % {"max": limit})
    try:
        operation = _operation(_json(body.decode("utf-8")))
    except UnicodeDecodeError:
        raise RequestRefused(400, _("The body is not UTF-8.")) from None
    if len(operation.query) > MAX_BODY:
        raise RequestRefused(413, _("The document is too long. Send what is large in a variable."))
    return operation


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise RequestRefused(400, _("This is not valid JSON.")) from None


def _not_json(constant: str) -> NoReturn:
    """NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(constant)


def _operation(body: Any) -> Operation:
    if isinstance(body, list):
        raise RequestRefused(400, _("Send one operation at a time: batches are not accepted."))
    if not isinstance(body, dict):
        raise RequestRefused(400, _("The operation has to be a JSON object with the key “query”."))
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    document_id, registers = _document_id(body)
    if query is None and document_id:
        query = ""
    elif not isinstance(query, str) or not query.strip():
        raise RequestRefused(400, _("“query” has to be the text of a GraphQL document."))
    if variables is not None and not isinstance(variables, dict):
        raise RequestRefused(400, _("“variables” has to be a JSON object."))
    if name is not None and not isinstance(name, str):
        raise RequestRefused(400, _("“operationName” has to be text."))
    return Operation(query, variables, name or None, document_id, registers)


def _document_id(body: Mapping[str, Any]) -> tuple[str, bool]:
    """What names the document, and whether it is Apollo's hash; empty where the document comes as text only."""
    extensions = body.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise RequestRefused(400, _("“extensions” has to be a JSON object."))
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is not None and not isinstance(persisted, dict):
        raise RequestRefused(400, _("“persistedQuery” has to be a JSON object."))
    hashed = (persisted or {}).get("sha256Hash")
    given = body.get("documentId") if hashed is None else hashed
    if given is None:
        return "", False
    if not isinstance(given, str) or not 0 < len(given) <= MAX_ID:
        raise RequestRefused(400, _("The id of the document has to be a short text."))
    return given, hashed is not None
