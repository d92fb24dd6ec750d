"""Which Wagtail site a request is for."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from wagtail.models import Site


def site_of(request: HttpRequest) -> Site:
    """The site of the request's host, or the default one; Http404 when there is neither."""
    site = Site.find_for_request(request)
    if site is None:
        raise Http404
    return site
