"""Finds the pages that everybody may open: live, of this site, and behind no lock of their own or of a page above."""

from __future__ import annotations

from functools import cache
from typing import Any

import swapper
from django.db.models import Q
from django.http import Http404
from django.urls import Resolver404, resolve
from django.utils.translation import get_language, get_language_from_path, override
from wagtail.models import Site, get_page_models

from referral_blocks.pages import LandingPageMixin, PortalPageMixin, ReferralPageMixin, SharePageMixin, TermsPageMixin
from referral_blocks.programs.models import Program
from referral_blocks.programs.selectors import only_live_program

from .content import holds_referral_blocks

KINDS: dict[str, type] = {
    "landing": LandingPageMixin,
    "share": SharePageMixin,
    "portal": PortalPageMixin,
    "terms": TermsPageMixin,
}
OTHER = "other"
MAX_PATH = 1_000


@cache
def page_models() -> tuple[Any, ...]:
    """The host's page types with referral blocks, but for those that say ``in_graphql = False``."""
    return tuple(
        model for model in get_page_models() if getattr(model, "in_graphql", True) and holds_referral_blocks(model)
    )


def type_of(page: Any) -> str:
    """What a page, or a page type, is for."""
    model = page if isinstance(page, type) else type(page)
    return next((name for name, mixin in KINDS.items() if issubclass(model, mixin)), OTHER)


def public_pages(site: Site, *, kind: str | None = None) -> Any:
    """As their own models with their language loaded, in the order of the page tree."""
    models = [model for model in page_models() if kind is None or type_of(model) == kind]
    pages = swapper.load_model("wagtailcore", "Page").objects
    if not models:
        return pages.none()
    found = pages.live().public().filter(_below(site)).exact_type(*models).order_by("path")
    return found.specific().select_related("locale", for_specific_subqueries=True)


def of_program(pages: Any, program: Program) -> Any:
    """Those of ``pages`` that speak of the programme, be it because the site has no other live one."""
    said = Q(program_id=program.pk)
    if only_live_program(site_id=program.site_id) == program:
        said |= Q(program_id=None)
    found = Q(pk__in=[])
    for model in page_models():
        if issubclass(model, ReferralPageMixin):
            found |= Q(pk__in=model._default_manager.filter(said).values("pk"))
    return pages.filter(found)


def page_at(site: Site, path: str) -> Any:
    """The public page to which this path of the site leads; None for any other."""
    if not path.startswith("/") or len(path) > MAX_PATH:
        return None
    language = get_language_from_path(path) or get_language()
    with override(language):
        below = _path_of_page(path)
        root = site.root_page.localized if below is not None else None
    if root is None:
        return None
    return public_pages(site).filter(url_path=root.url_path + below).first()


def _path_of_page(path: str) -> str | None:
    """What Wagtail is asked for, below its root; None for a path that is not a page’s."""
    for tried in (path, f"{path}/"):
        try:
            match = resolve(tried)
        except (Resolver404, Http404):
            continue
        if match.url_name == "wagtail_serve":
            return str(match.args[0] if match.args else match.kwargs.get("path", ""))
    return None


def _below(site: Site) -> Q:
    """The site's tree in each language, without the trees of sites that stand below it."""
    roots = Site.get_site_root_paths()
    own = [root.root_path for root in roots if root.site_id == site.pk]
    others = [root.root_path for root in roots if root.site_id != site.pk]
    inside = [path for path in others if any(path.startswith(mine) and path != mine for mine in own)]
    found = Q(pk__in=[])
    for path in own:
        found |= Q(url_path__startswith=path)
    for path in inside:
        found &= ~Q(url_path__startswith=path)
    return found
