"""/referrals/card/…: the image that messengers show beside a page's link, under an address that changes with it."""

from __future__ import annotations

import re
from typing import Any

import swapper
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.translation import get_supported_language_variant, override
from django.views.decorators.http import require_safe
from PIL import Image
from wagtail.images.models import SourceImageIOError

from referral_blocks.blocks.audience import audience_of
from referral_blocks.blocks.share_meta import card_for
from referral_blocks.core.ratelimit import TooManyRequests, check_rate
from referral_blocks.theming.card import draw_card

from .brand import FOR_EVER
from .site import site_of

KEPT = 30 * 86_400  # seconds; crawlers come back for what a page of another day has named
LIMIT = "60/minute"  # drawings, whoever asks: each takes a tenth of a second
LOGO = "max-720x192|format-png"
VERSION = re.compile(r"[0-9a-f]{32}")  # what names a drawing; a cache may not know what to do with anything else


@require_safe
def share_card(request: HttpRequest, page_id: int, language: str, version: str) -> HttpResponse:
    """The image as PNG. 404 unless it is kept or is that of the live page as it is now, which everybody may read: the
    address carries no words, so that nobody can have others drawn."""
    if not VERSION.fullmatch(version):
        raise Http404
    key = f"referral_blocks.card.{version}"
    image = cache.get(key)
    if image is None:
        try:
            image = _draw(request, page_id, language, version)
        except TooManyRequests:
            return HttpResponse(status=429, headers={"Retry-After": "60", "Cache-Control": "no-store"})
        cache.set(key, image, KEPT)
    response = HttpResponse(image, content_type="image/png")
    response["Cache-Control"] = FOR_EVER
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _draw(request: HttpRequest, page_id: int, language: str, version: str) -> bytes:
    root = site_of(request).root_page
    pages = swapper.load_model("wagtailcore", "Page").objects.live().public()
    page = pages.descendant_of(root, inclusive=True).filter(pk=page_id).specific().first()
    if page is None or not _is_spoken(language):
        raise Http404
    audience = audience_of(request)
    with override(language):
        card = card_for(page, audience)
    if not constant_time_compare(card.version, version):
        raise Http404
    check_rate("share-card", "all", limit=LIMIT)
    return draw_card(card, _opened(audience.look.logo))


def _is_spoken(language: str) -> bool:
    """Whether the site speaks it: “en-us”, too, where “en” alone is listed, as in a new project of Django’s."""
    try:
        return bool(get_supported_language_variant(language))
    except LookupError:
        return False


def _opened(logo: Any) -> Image.Image | None:
    """The brand's logo, or None for one that has to be drawn by a browser or whose file is gone."""
    if logo is None or logo.is_svg():
        return None
    try:
        with logo.get_rendition(LOGO).file.open("rb") as file:
            return Image.open(file).convert("RGBA")
    except (SourceImageIOError, OSError):
        return None
