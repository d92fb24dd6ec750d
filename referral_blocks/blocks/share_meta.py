"""What a page tells messengers, social networks and search engines of itself; the marketer's own words come first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import get_language, get_language_bidi, to_locale

from referral_blocks.programs.models import Phase, Program
from referral_blocks.rewards.wording import rule_in_words
from referral_blocks.theming.card import SIZE, Card, card_of

from .audience import Audience
from .hero import HeroBlock
from .picture import UNREADABLE
from .walk import blocks_of

OWN_IMAGE = "fill-1200x630|format-jpeg|jpegquality-82"  # not every messenger reads WebP or AVIF
MOST_OFFERS = 2
MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Picture:
    """An absolute address, its type, its size in pixels and what it shows."""

    url: str
    type: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class ShareMeta:
    """``url`` is the page's one address, without what brought this visitor; ``translations`` are (language, address) of
    the page and its live translations, empty where it has none; ``locales`` the others in Open Graph's spelling."""

    title: str
    description: str
    url: str
    site_name: str
    locale: str
    locales: tuple[str, ...]
    translations: tuple[tuple[str, str], ...]
    image: Picture | None


@dataclass(frozen=True, slots=True)
class Words:
    """What the page says: its hero's heading, its offer by the reward rules, and its hero's text."""

    heading: str
    offer: str
    text: str


def meta_of(page: Any, audience: Audience) -> ShareMeta:
    """Costs the same queries whatever the page's blocks; nothing in it differs between visitors."""
    words = _words(page, audience)
    url = (page.get_full_url(audience.request) if page.pk else "") or ""
    others = _translations(page) if url else []
    language = get_language() or settings.LANGUAGE_CODE
    described = ". ".join(part for part in (words.offer.rstrip("."), words.text) if part)
    return ShareMeta(
        title=page.seo_title or words.heading,
        description=page.search_description or Truncator(described).chars(MOST_LETTERS),
        url=url,
        site_name=_site_name(audience),
        locale=to_locale(language),
        locales=tuple(to_locale(other) for other, _url in others),
        translations=((language, url), *others) if others else (),
        image=_picture(page, audience, words, language) if url else None,
    )


def card_for(page: Any, audience: Audience, words: Words | None = None) -> Card:
    """The image that is drawn for the page in the active language, from what everybody may read on it."""
    words = words or _words(page, audience)
    look = audience.about({"page": page}).look
    name = _site_name(audience)
    return card_of(look, heading=words.heading, offer=words.offer, name=name, right_to_left=get_language_bidi())


def _site_name(audience: Audience) -> str:
    return (audience.site.site_name or audience.site.hostname) if audience.site else ""


def _words(page: Any, audience: Audience) -> Words:
    hero: Any = next((value for block, value in blocks_of(page) if isinstance(block, HeroBlock)), None) or {}
    program = audience.program_for(chosen=hero.get("program"), page=page)
    side = "referrer" if hero.get("speaks_to") == "referrer" else "friend"  # a stored choice may be of another version
    heading = hero.get("heading") or (program.name if program and not page.title else page.title)
    return Words(_line(heading), _offer(program, audience, side), _line(hero.get("text") or ""))


def _line(text: str) -> str:
    return " ".join(str(text).split())


def _offer(program: Program | None, audience: Audience, side: str) -> str:
    """What the reader gets while there is something to get."""
    if program is None or not (program.phase == Phase.OPEN or (audience.is_preview and program.phase == Phase.DRAFT)):
        return ""
    rules = getattr(audience.promise(program), side)[:MOST_OFFERS]
    told = [rule_in_words(rule, program=program, reader=side) for rule in rules]
    return " · ".join(_line(": ".join(filter(None, (words.title, words.worth)))) for words in told)


def _translations(page: Any) -> list[tuple[str, str]]:
    if not getattr(settings, "WAGTAIL_I18N_ENABLED", False):
        return []
    found = page.get_translations().live().public().select_related("locale")
    return [(other.locale.language_code, url) for other in found if (url := other.full_url)]


def _picture(page: Any, audience: Audience, words: Words, language: str) -> Picture | None:
    root = page.get_url_parts(audience.request)[1]
    chosen = getattr(page, "share_image", None)
    if chosen is not None and not chosen.is_svg():
        try:
            shown = chosen.get_rendition(OWN_IMAGE)
            url = shown.url if "://" in shown.url else root + shown.url
            alt = getattr(chosen, "description", "") or chosen.title
            return Picture(url, "image/jpeg", shown.width, shown.height, alt)
        except UNREADABLE:
            pass  # the file is gone or broken: better one that is drawn than none
    version = card_for(page, audience, words).version
    address = reverse("referral_blocks:share_card", args=[page.pk, language, version])
    alt = ". ".join(filter(None, (words.heading, words.offer, _site_name(audience))))
    return Picture(root + address, "image/png", *SIZE, alt)
