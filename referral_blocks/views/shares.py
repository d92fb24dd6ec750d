"""/r/<code>/share/<channel>/: counts a press of a share button, and leads on with the text ready to send."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from referral_blocks.core.errors import DomainError
from referral_blocks.core.ratelimit import check_rate
from referral_blocks.core.visitor import ip_hash, not_a_visit
from referral_blocks.flows.record_share import Shared, record_share
from referral_blocks.links.channels import CHANNELS, MAX_TEXT, Message
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.selectors import group_url, link_by_code, link_url
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import read_session, session_cookie

from .origin import is_same_origin
from .site import site_of

LIMIT = "30/minute"


class ChannelRedirect(HttpResponseRedirect):
    """Leads to a channel's own address, which we made: mail and text messages are programs on the device."""

    allowed_schemes = ["https", "mailto", "sms"]


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, code: str, channel: str) -> HttpResponse:
    """GET leads on, for buttons that are links; POST answers 204, for what happens on the page (copy, share sheet).

    Where it leads is made of the channel's own host and the link: ``text`` only fills in the message. 404 for a code or
    a channel that does not exist.
    """
    link = link_by_code(code=code, site_id=site_of(request).pk)
    known = CHANNELS.get(channel)
    if link is None or known is None:
        raise Http404
    if request.method == "POST":
        count_share(request, link=link, channel=channel)
        return HttpResponse(status=204)
    if known.address is None:
        raise Http404
    count_share(request, link=link, channel=channel)
    response = ChannelRedirect(known.address(_message(request, link)))
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


def count_share(request: HttpRequest, *, link: ReferralLink, channel: str) -> Shared:
    """Count the press where the link's own referrer has made it, on this site, and not a program on their behalf."""
    ignored = bool(not_a_visit(request, methods=("GET", "POST"))) or not is_same_origin(request) or _flood(request)
    return record_share(link=link, channel=channel, referrer=_referrer(request, link), ignored=ignored)


def _referrer(request: HttpRequest, link: ReferralLink) -> Referrer | None:
    cookie = request.COOKIES.get(session_cookie(link.referrer.program))
    session = read_session(cookie) if cookie else None
    return session.referrer if session else None


def _message(request: HttpRequest, link: ReferralLink) -> Message:
    # Control characters are nobody's words; in a mail's address they could begin another header.
    typed = request.GET.get("text", "")[:MAX_TEXT]
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in typed)
    return Message(url=_url(request, link), text=text, subject=link.referrer.program.name)


def _url(request: HttpRequest, link: ReferralLink) -> str:
    try:
        return group_url(link, uuid.UUID(request.GET["group"]))
    except (KeyError, ValueError):
        return link_url(link)


def _flood(request: HttpRequest) -> bool:
    """Nobody shares 30 times a minute; who does is led on, and not counted."""
    try:
        check_rate("share", ip_hash(request), limit=LIMIT)
    except DomainError:
        return True
    return False
