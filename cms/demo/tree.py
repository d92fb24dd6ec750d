"""The demo's pages: a front page, and below it four for each programme; those that are there are left as they are."""

from __future__ import annotations

from dataclasses import dataclass

from wagtail.models import Page, Site

from cms.pages.models import HomePage, LandingPage, PortalPage, SharePage, TermsPage
from referral_blocks.programs.models import Program

from . import invoicing, windows
from .content import PageSet, home_body
from .pictures import load_pictures

WINDOWS, INVOICING = "Wren Lane Windows (demo)", "Tallyfinch (demo)"


@dataclass(frozen=True, slots=True)
class Programs:
    """The demo's three."""

    neighbours: Program
    businesses: Program
    software: Program


def grow(*, site: Site, programs: Programs) -> None:
    """Make the pages that are missing; a programme's own four are made once, with its landing page."""
    home = HomePage.objects.get(pk=site.root_page_id)
    rest = [p for p in (programs.neighbours, programs.businesses, programs.software) if not _has_pages(p)]
    if home.body and not rest:
        return
    pictures = load_pictures()
    if not home.body:
        home.body = home_body(pictures, programs.neighbours.pk, programs.businesses.pk, programs.software.pk)
        home.save_revision().publish()
    for program, brand, slug, pages in (
        (programs.neighbours, WINDOWS, "share", windows.neighbour_pages),
        (programs.businesses, WINDOWS, "recommend", windows.business_pages),
        (programs.software, INVOICING, "share", invoicing.credit_pages),
    ):
        if program in rest:
            _add_pages(home, program, brand, slug, pages(pictures))


def _has_pages(program: Program) -> bool:
    return LandingPage.objects.filter(program=program).exists()


def _add_pages(home: HomePage, program: Program, brand: str, share_slug: str, pages: PageSet) -> None:
    def add(below: Page, page: Page, description: str) -> Page:
        page.seo_title = f"{page.title} – {brand}"
        page.search_description = f"{description} Demo data: {brand.removesuffix(' (demo)')} is imagined."
        below.add_child(instance=page)
        page.save_revision().publish()
        return page

    landing = LandingPage(title=program.name, slug=program.slug, program=program, body=pages.landing)
    add(home, landing, "What you get as an invited friend.")
    share = SharePage(title="Share and earn", slug=share_slug, program=program, body=pages.share)
    add(landing, share, "Get your own link and pass it on.")
    portal = PortalPage(title="Your friends and rewards", slug="yours", program=program, body=pages.portal)
    add(share, portal, "What your link has brought.")
    terms = TermsPage(title="Terms", slug="terms", program=program, body=pages.terms)
    add(landing, terms, "The terms of the referral programme.")
