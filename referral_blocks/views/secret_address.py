"""Keeps the token that stands in an address out of Django's log, whatever becomes of the request.

Django logs the path of each request that fails: of one with a wrong method, and of each while the database is away.
Such a path is a way in for whoever reads the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.urls import get_resolver

View = Callable[..., HttpResponseBase]
logger = logging.getLogger(__name__)


def secret_address(*methods: str) -> Callable[[View], View]:
    """For a view whose address is a secret, asked with these methods. It stands in place of ``require_http_methods``
    and of ``csrf_exempt``: a view that writes looks where the request comes from."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            response = _answer(view, methods, request, *args, **kwargs)
            response["Referrer-Policy"] = "no-referrer"
            response._has_been_logged = True  # type: ignore[attr-defined]
            return response

        wrapper.csrf_exempt = True  # type: ignore[attr-defined] # its middleware logs the path of what it refuses
        return wrapper

    return decorate


def _answer(
    view: View, methods: tuple[str, ...], request: HttpRequest, *args: object, **kwargs: object
) -> HttpResponseBase:
    if request.method not in methods:
        return HttpResponseNotAllowed(methods)
    try:
        return view(request, *args, **kwargs)
    except Http404 as error:
        return _page(404)(request, exception=error)
    except Exception:
        if settings.DEBUG:
            raise
        logger.exception("%s failed", view.__name__)
        got_request_exception.send(sender=view, request=request)  # what the host collects errors with
        return _page(500)(request)


def _page(status: int) -> View:
    """What the host shows for it."""
    shown: View = get_resolver().resolve_error_handler(status)
    return shown
