"""One page with every block as the block chooser previews it, for the gallery, for axe and for the HTML checker."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path
from django.utils import translation
from django.utils.html import format_html_join

from referral_blocks.blocks.sample import SampleAudience
from referral_blocks.blocks.stream import ReferralStreamBlock
from referral_blocks.theming.selectors import Look
from referral_blocks.theming.theme import get_theme

THEMES = ("paper", "signal", "street", "")  # the last one: no theme
WALL = """{% extends "referral_blocks/base.html" %}
{% block title %}All blocks{% endblock %}
{% block header %}
  <header class="rb-page__header"><a class="rb-page__name" href="/">Bright Windows</a></header>
{% endblock %}
{% block content %}{{ blocks }}{% endblock %}
{% block footer %}<footer class="rb-page__footer"><p>Bright Windows</p></footer>{% endblock %}"""


class Onlooker(SampleAudience):
    """The imagined visitor of the previews, in a theme of the test's choice: nothing is read from the database."""

    @property
    def look(self) -> Look:  # type: ignore[override]
        return Look(get_theme(self.request.GET.get("theme", "")))

    def about(self, context: Any) -> Onlooker:
        return self


def block_names() -> list[str]:
    return list(ReferralStreamBlock().child_blocks)


def wall(request: HttpRequest) -> HttpResponse:
    """``?theme=`` a slug or nothing, ``?language=`` such as ar, ``?only=`` one block."""
    request.referral_audience = Onlooker(request)  # type: ignore[attr-defined]
    chosen = request.GET.get("only")
    with translation.override(request.GET.get("language", "en")):
        shown = [
            (name, block.render(block.get_preview_value(), {"request": request}))
            for name, block in ReferralStreamBlock().child_blocks.items()
            if chosen in {None, name}
        ]
        page = engines["django"].from_string(WALL)
        blocks = format_html_join("\n", '<div data-block="{}">{}</div>', shown)
        return HttpResponse(page.render({"blocks": blocks}, request))


urlpatterns = [path("wall/", wall), path("", include("cms.urls"))]
