"""Which site a public field speaks of: the one that is asked, or the one that its argument ``site`` names, so that one
front-end on a host of its own can show several."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import gettext as _
from wagtail.models import Site

from .context import Info
from .errors import ErrorCode, refusal

MAX_HOST = 255 + len(":65535")
SiteHost = Annotated[
    str | None,
    strawberry.argument(
        description=(
            "The host name of another site, as its own address has it, with its port where several sites share the "
            "name; by default the site that is asked. One that is unknown or not public is an error."
        )
    ),
]


def site_named(info: Info, host: str | None) -> Site:
    """The site with this host name. Raises GraphQLError (BAD_USER_INPUT) for one that nobody knows, for one behind a
    lock, which is told in the same words, and for a name that several sites share."""
    if host is None:
        return info.context.site
    name, _colon, port = host.lower().partition(":")
    found = Site.objects.filter(hostname__iexact=name).select_related("root_page")
    if port:
        found = found.filter(port=int(port)) if port.isascii() and port.isdecimal() and len(port) < 6 else found.none()
    sites = list(found[:2]) if name.isprintable() and len(host) <= MAX_HOST else []
    if len(sites) > 1:
        raise refusal(ErrorCode.BAD_USER_INPUT, _("Several sites have this name. Add a port, as in example.com:8000."))
    if not sites or (sites[0] != info.context.site and not _is_public(sites[0])):
        raise refusal(ErrorCode.BAD_USER_INPUT, _("There is no such site."))
    return sites[0]


def _is_public(site: Site) -> bool:
    """Whether its front page is live and behind no lock of its own or of a page above."""
    return bool(site.root_page.live) and not site.root_page.get_view_restrictions().exists()
