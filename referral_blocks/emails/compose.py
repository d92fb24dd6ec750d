"""Turns a mail's row into a message: HTML and text, in the person's language, with the QR code inside."""

from __future__ import annotations

from email.mime.image import MIMEImage
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from referral_blocks.links.qr import qr_png
from referral_blocks.links.selectors import link_url
from referral_blocks.links.services import primary_link
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_sign_in_token

from .models import Email

WELCOME, SIGN_IN, FRIEND_ARRIVED = "welcome", "sign_in", "friend_arrived"


def compose(email: Email) -> EmailMultiAlternatives | None:
    """The message, or None when what it is about is gone."""
    referrer, extra = _subject(email)
    if referrer is None:
        return None
    link = primary_link(referrer=referrer)
    url = link_url(link)
    root = referrer.program.site.root_url
    context: dict[str, Any] = {
        "referrer": referrer,
        "person": referrer.person,
        "program": referrer.program,
        "site_name": referrer.program.site.site_name or referrer.program.name,
        "link": url,
        "code": link.code,
        "sign_in_url": root + reverse("referral_blocks:sign_in", args=[make_sign_in_token(referrer)]),
        **extra,
    }
    with translation.override(_language(referrer.person.locale)):
        context["language"] = translation.get_language()
        context["right_to_left"] = translation.get_language_bidi()
        name = f"referral_blocks/emails/{email.kind}"
        subject = " ".join(render_to_string(f"{name}_subject.txt", context).split())
        message = EmailMultiAlternatives(
            subject=subject,
            body=render_to_string(f"{name}.txt", context),
            to=[referrer.person.email],
            headers={
                "Message-ID": f"<{email.pk}.{email.kind}.{referrer.public_id.hex}@{referrer.program.site.hostname}>"
            },
        )
        message.attach_alternative(render_to_string(f"{name}.html", context), "text/html")
    image = MIMEImage(qr_png(url, module_pixels=8), _subtype="png")
    image.add_header("Content-ID", "<qr>")
    image.add_header("Content-Disposition", "inline", filename="qr.png")
    message.attach(image)
    return message


def _language(locale: str) -> str:
    """The person's language if the site has it, else the site's."""
    try:
        return translation.get_supported_language_variant(locale)
    except LookupError:
        return settings.LANGUAGE_CODE


def _subject(email: Email) -> tuple[Referrer | None, dict[str, Any]]:
    related = ("person", "program__site")
    if email.kind == FRIEND_ARRIVED:
        paths = [f"referrer__{r}" for r in related]
        referral = Referral.objects.select_related(*paths, "friend").filter(pk=email.subject_id).first()
        return (referral.referrer, {"friend_name": referral.friend_first_name}) if referral else (None, {})
    return Referrer.objects.select_related(*related).filter(pk=email.subject_id).first(), {}
