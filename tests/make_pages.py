"""Makes published pages of the host site for tests, as Wagtail's editor would leave them."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from wagtail.models import Site

from cms.pages.models import LandingPage, PortalPage, SharePage, TermsPage
from referral_blocks.programs.models import Program
from referral_blocks.theming.models import SiteTheme
from tests.bodies import landing_body, share_body


def make_landing_page(
    program: Program | None, *, slug: str = "landing", body: Any = None, **fields: Any
) -> LandingPage:
    """A live landing page below the site's front page; the demo's body unless another is given."""
    page = LandingPage(
        title="Landing", slug=slug, program=program, body=landing_body() if body is None else body, **fields
    )
    return _root().add_child(instance=page)


def make_share_page(program: Program | None, *, slug: str = "share", body: Any = None, **fields: Any) -> SharePage:
    page = SharePage(title="Share", slug=slug, program=program, body=share_body() if body is None else body, **fields)
    return _root().add_child(instance=page)


def make_portal_page(program: Program | None, *, body: Any, slug: str = "portal") -> PortalPage:
    return _root().add_child(instance=PortalPage(title="Your rewards", slug=slug, program=program, body=body))


def make_terms_page(program: Program | None, *, slug: str = "terms") -> TermsPage:
    """Without a hero, so that it is headed by its title."""
    body = [("terms", {"heading": "The small print", "collapsed": False})]
    return _root().add_child(instance=TermsPage(title="Terms and conditions", slug=slug, program=program, body=body))


def _root() -> Any:
    return Site.objects.get(is_default_site=True).root_page


def use_theme(slug: str) -> None:
    SiteTheme.objects.update_or_create(site=Site.objects.get(is_default_site=True), defaults={"theme": slug})


def form_data(client: Client, url: str, action: str, **typed: Any) -> dict[str, str]:
    """What a browser would send from the page's form with this action: its hidden fields and what was ``typed``."""
    html = client.get(url).content.decode()
    form = next(f for f in re.findall(r"<form.*?</form>", html, re.DOTALL) if f'action="{action}"' in f)
    hidden = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', form)
    return {**dict(hidden), **typed}
