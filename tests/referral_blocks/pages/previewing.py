"""Looks at pages as Wagtail's editor shows them, through Wagtail's own views."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.urls import reverse
from wagtail.models import Site
from wagtail.test.utils.form_data import nested_form_data, streamfield

from cms.pages.models import PortalPage, TermsPage

PORTAL = [
    ("standing", {}),
    ("stats", {}),
    ("milestone", {}),
    ("share_panel", {}),
    ("rewards_table", {}),
    ("friends_list", {}),
    ("points", {}),
    ("leaderboard", {}),
    ("group_deal", {}),
    ("members_only", {"friends_needed": 2, "content": [("text", {"text": "The door code is 7."})]}),
    ("my_settings", {}),
]


def make_portal_page(program: Any, *, slug: str = "mine", body: Any = None, **fields: Any) -> PortalPage:
    page = PortalPage(title="Your page", slug=slug, program=program, body=PORTAL if body is None else body, **fields)
    return _front().add_child(instance=page)


def make_terms_page(program: Any, *, slug: str = "terms", body: Any = None, **fields: Any) -> TermsPage:
    body = [("terms", {"collapsed": False})] if body is None else body
    page = TermsPage(title="The small print", slug=slug, program=program, body=body, **fields)
    return _front().add_child(instance=page)


def typed(*blocks: tuple[str, dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """What the editor sends of a page with a hero and these blocks."""
    hero = {
        "speaks_to": "friend", "greeting": "on", "heading": "Typed just now", "text": "", "image-image": "",
        "show_offer": "on", "action_text": "", "action_aim": "friend_form", "program": "",
    }  # fmt: skip
    page = {"title": "Draft", "slug": "draft", "share_image": "", "body": streamfield([("hero", hero), *blocks])}
    comments = {"comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0}
    return nested_form_data({**page, **comments, **fields})


def preview(client: Client, page: Any, mode: str | None = None) -> str:
    """The page's latest draft in a preview mode, as text with single spaces; the address is Wagtail's own."""
    page.save_revision()
    query = {} if mode is None else {"mode": mode}
    response = client.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]), query)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def words(html: str) -> str:
    """What people read: no tags, no scripts, single spaces."""
    body = html.split("<main", 1)[1].split("</main>", 1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body.replace("<bdi>", "").replace("</bdi>", ""))).strip()


def _front() -> Any:
    return Site.objects.get(is_default_site=True).root_page
