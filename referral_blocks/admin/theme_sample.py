"""A live sample of a theme with a brand that nobody has saved yet: how it looks by day and by night."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import View

from referral_blocks.blocks.sample import SampleAudience
from referral_blocks.blocks.stream import ReferralStreamBlock
from referral_blocks.theming.brand import brand_css
from referral_blocks.theming.checking import checked_pairs
from referral_blocks.theming.models import SiteTheme
from referral_blocks.theming.selectors import Look
from referral_blocks.theming.theme import PAGE_STYLESHEET, STYLESHEETS, get_theme

from .permissions import APP

FIELDS = (
    "theme", "font", "radius", "accent", "on_accent", "hero", "on_hero",
    "accent_dark", "on_accent_dark", "hero_dark", "on_hero_dark",
)  # fmt: skip
SHOWN = ("hero", "steps", "share_panel", "friend_form", "terms")
DARK = "@media (prefers-color-scheme: dark)"


@method_decorator([never_cache, xframe_options_sameorigin], name="dispatch")
class SampleView(View):
    """Asks for the right to add or change themes; writes nothing."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not any(request.user.has_perm(f"{APP}.{verb}_sitetheme") for verb in ("add", "change")):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class ThemeSampleView(SampleView):
    """What the form holds, checked, and the sample page twice: the form posts here, into a frame."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(request, request.GET)

    def post(self, request: HttpRequest) -> HttpResponse:
        return self._show(request, request.POST)

    def _show(self, request: HttpRequest, data: QueryDict) -> HttpResponse:
        row, problems = read(data)
        query = QueryDict(mutable=True)
        query.update({name: getattr(row, name) for name in FIELDS if getattr(row, name)})
        pairs = checked_pairs(row.brand, get_theme(row.theme))
        context = {"problems": problems, "pairs": pairs, "query": query.urlencode()}
        return render(request, "referral_blocks/admin/theme_sample.html", context)


class SamplePageView(SampleView):
    """The blocks of a referral page with their sample content."""

    def get(self, request: HttpRequest) -> HttpResponse:
        row, _problems = read(request.GET)
        audience = SampleAudience(request)
        audience.look = Look(get_theme(row.theme), row.brand)
        request.referral_audience = audience  # type: ignore[attr-defined]
        stream = ReferralStreamBlock().child_blocks
        shown = [stream[name].bind(stream[name].get_preview_value()) for name in SHOWN]
        context = {"blocks": shown, "query": request.GET.urlencode(), "theme": row.theme}
        return render(request, "referral_blocks/admin/theme_sample_page.html", context)


class SampleStylesView(SampleView):
    """All of the sample's styles, in the scheme that is asked for instead of the device's."""

    def get(self, request: HttpRequest) -> HttpResponse:
        row, _problems = read(request.GET)
        look = Look(get_theme(row.theme), row.brand)
        sheets = [read_static(path) for path in (*STYLESHEETS, PAGE_STYLESHEET, *look.stylesheets)]
        css = "\n".join([*sheets, brand_css(look.brand, look.theme)])
        dark = request.GET.get("scheme") == "dark"
        css = css.replace(DARK, "@media all" if dark else "@media not all")
        css += f":root {{ color-scheme: {'dark' if dark else 'light'}; }}\n"
        return HttpResponse(css, content_type="text/css; charset=utf-8")


def read(data: QueryDict) -> tuple[SiteTheme, list[str]]:
    """The row that the form would make, without what is wrong in it, and the problems in words."""
    row = SiteTheme(**{name: (data.get(name) or "").strip()[:40] for name in FIELDS})
    try:
        row.full_clean(exclude=["site", "logo"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        for name in error.message_dict.keys() & set(FIELDS):
            setattr(row, name, "")
        return row, [message for messages in error.message_dict.values() for message in messages]
    return row, []


def read_static(path: str) -> str:
    """A stylesheet of an app, its relative addresses made absolute; nothing for one that is not there."""
    found = finders.find(path)
    text = Path(found).read_text(encoding="utf-8") if isinstance(found, str) else ""
    folder = posixpath.dirname(path)
    return re.sub(r'url\("([^":]+)"\)', lambda m: f'url("{static(posixpath.join(folder, m[1]))}")', text)
