"""Cross-site request forgery stopped by where a request comes from, so that public pages need no token or cookie and
stay cacheable: docs/adr/0006-forms-without-csrf-tokens.md."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.translation import gettext as _

View = Callable[..., HttpResponse]


def is_same_origin(request: HttpRequest) -> bool:
    """Whether the browser says that the request comes from this site. A request that says nothing of where it comes
    from is no browser's form, and carries no visitor's cookies to abuse."""
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.get_host()


def require_same_origin(view: View) -> View:
    """Refuse a form that another site has sent with 403."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_same_origin(request):
            return HttpResponseForbidden(_("This form was sent from another site. Open the page here and try again."))
        return view(request, *args, **kwargs)

    return wrapper
