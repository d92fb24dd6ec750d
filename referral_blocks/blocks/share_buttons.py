"""The buttons that pass a link on, and the texts behind them, which the referrer may change before sending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referral_blocks.links.channels import CHANNELS, MAX_TEXT

from .audience import Share

PARAMETER = "rb_text"  # of the general text; a channel's own adds its name: rb_text_email


@dataclass(frozen=True, slots=True)
class ShareText:
    """One text, and the channels that it is for. ``name`` is its field's."""

    name: str
    label: str | Promise
    text: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShareButton:
    """``field`` names the text that it sends, so that a script can keep the address up with what is typed."""

    channel: str
    label: str | Promise
    url: str
    in_place: bool
    field: str


def texts(
    *, channels: Iterable[str], message: str, own: Mapping[str, str | None], request: HttpRequest | None
) -> list[ShareText]:
    """The general text first, with all channels that have none of their own; what the referrer has just typed instead
    of what the marketer suggests."""
    known = [slug for slug in channels if slug in CHANNELS and CHANNELS[slug].address]
    general = tuple(slug for slug in known if not own.get(slug))
    found = [ShareText(PARAMETER, _("Your message"), _typed(request, PARAMETER, message), general)]
    for slug in known:
        if given := own.get(slug):
            name = f"{PARAMETER}_{slug}"
            found.append(ShareText(name, CHANNELS[slug].label, _typed(request, name, given), (slug,)))
    return found


def buttons(*, share: Share, texts: Iterable[ShareText]) -> list[ShareButton]:
    """One button a channel, in the channels' own order; each leads through our own address, where it is counted."""
    text_of = {slug: text for text in texts for slug in text.channels}
    return [_button(share, slug, text_of[slug]) for slug in CHANNELS if slug in text_of]


def _button(share: Share, slug: str, text: ShareText) -> ShareButton:
    channel = CHANNELS[slug]
    query = {"text": text.text} if channel.takes_text and text.text else {}
    query |= {"group": share.group} if share.group else {}
    url = reverse("referral_blocks:share", args=[share.code, slug])
    return ShareButton(
        channel=slug,
        label=channel.label,
        url=f"{url}?{urlencode(query)}" if query else url,
        in_place=channel.in_place,
        field=text.name if channel.takes_text else "",
    )


def _typed(request: HttpRequest | None, name: str, suggested: str) -> str:
    """What the referrer has typed on this page. Another site's link must not put words into their mouth."""
    if request is None or name not in request.GET:
        return suggested
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return suggested
    return request.GET[name][:MAX_TEXT]
