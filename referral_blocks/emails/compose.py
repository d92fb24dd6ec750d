"""Turns a mail's row into a message: HTML and text, in the person's language."""

from __future__ import annotations

from email.mime.image import MIMEImage
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from wagtail.models import Site

from referral_blocks.links.qr import qr_png
from referral_blocks.links.selectors import link_url
from referral_blocks.links.services import primary_link
from referral_blocks.people.data_page import page_url
from referral_blocks.people.models import Person
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.return_address import may_return_to, with_token
from referral_blocks.referrers.session import make_sign_in_token
from referral_blocks.rewards.models import Reward, RewardState
from referral_blocks.rewards.page import reward_url

from .models import Email

WELCOME, SIGN_IN, FRIEND_ARRIVED = "welcome", "sign_in", "friend_arrived"
REWARD_TO_CLAIM, PAYOUT_DETAILS = "reward_to_claim", "payout_details"
GIFT_CARD_READY, GIFT_CARD_EXPIRING = "gift_card_ready", "gift_card_expiring"
CODE_READY = "code_ready"
YOUR_DATA = "your_data"
# About a reward, whose owner need be no referrer; sent as long as the reward is in this state.
ABOUT_REWARDS = {
    REWARD_TO_CLAIM: RewardState.APPROVED,
    PAYOUT_DETAILS: RewardState.PENDING,
    GIFT_CARD_READY: RewardState.ISSUED,
    GIFT_CARD_EXPIRING: RewardState.ISSUED,
    CODE_READY: RewardState.ISSUED,
}


def compose(email: Email) -> EmailMultiAlternatives | None:
    """The message, or None when what it is about is gone."""
    if email.kind == YOUR_DATA:
        return _to_person(email)
    return _about_reward(email) if email.kind in ABOUT_REWARDS else _to_referrer(email)


def _to_person(email: Email) -> EmailMultiAlternatives | None:
    """To a referrer or a friend, about no programme: the site that was asked stands in ``subject_id``."""
    site = Site.objects.filter(pk=email.subject_id).first()
    if site is None or email.person.erased_at is not None:
        return None
    context = {"data_url": page_url(person=email.person, site=site)}
    return _message(email, email.person, site, str(email.person_id), context)


def _about_reward(email: Email) -> EmailMultiAlternatives | None:
    rewards = Reward.objects.select_related("person", "program__site")
    reward = rewards.filter(pk=email.subject_id, person_id=email.person_id, state=ABOUT_REWARDS[email.kind]).first()
    if reward is None:
        return None
    card = getattr(_payout_of(reward), "gift_card", None)
    return _message(
        email,
        reward.person,
        reward.program.site,
        reward.public_id.hex,
        {
            "program": reward.program,
            "reward": reward,
            "reward_url": reward_url(reward),
            "expires_at": card.expires_at if card else None,
        },
    )


def _payout_of(reward: Reward) -> Any:
    item = reward.payout_items.filter(released=False).select_related("payout__gift_card").first()
    return item.payout if item else None


def _to_referrer(email: Email) -> EmailMultiAlternatives | None:
    referrer, extra = _referrer(email)
    if referrer is None or referrer.person.erased_at is not None:
        return None
    program = referrer.program
    link = primary_link(referrer=referrer)
    url = link_url(link)
    context = {
        "referrer": referrer,
        "program": program,
        "link": url,
        "code": link.code,
        "sign_in_url": _sign_in_url(email, referrer),
        **extra,
    }
    message = _message(email, referrer.person, program.site, referrer.public_id.hex, context)
    image = MIMEImage(qr_png(url, module_pixels=8), _subtype="png")
    image.add_header("Content-ID", "<qr>")
    image.add_header("Content-Disposition", "inline", filename="qr.png")
    message.attach(image)
    return message


def _sign_in_url(email: Email, referrer: Referrer) -> str:
    """Back to where the link was asked for, if the settings still allow it, or to the site itself."""
    token, site = make_sign_in_token(referrer), referrer.program.site
    if email.return_to and may_return_to(address=email.return_to, hostname=site.hostname):
        return with_token(email.return_to, token)
    return str(site.root_url) + reverse("referral_blocks:sign_in", args=[token])


def _message(email: Email, person: Person, site: Site, about: str, context: dict[str, Any]) -> EmailMultiAlternatives:
    program = context.get("program")
    site_name = site.site_name or (program.name if program else site.hostname)
    context = {"person": person, "site_name": site_name, **context}
    with translation.override(_language(person.locale)):
        context["language"] = translation.get_language()
        context["right_to_left"] = translation.get_language_bidi()
        name = f"referral_blocks/emails/{email.kind}"
        subject = " ".join(render_to_string(f"{name}_subject.txt", context).split())
        message = EmailMultiAlternatives(
            subject=subject,
            body=render_to_string(f"{name}.txt", context),
            to=[person.email],
            headers={"Message-ID": f"<{email.pk}.{email.kind}.{about}@{site.hostname}>"},
        )
        message.attach_alternative(render_to_string(f"{name}.html", context), "text/html")
    return message


def _language(locale: str) -> str:
    """The person's language if the site has it, else the site's."""
    try:
        return translation.get_supported_language_variant(locale)
    except LookupError:
        return settings.LANGUAGE_CODE


def _referrer(email: Email) -> tuple[Referrer | None, dict[str, Any]]:
    related = ("person", "program__site")
    if email.kind == FRIEND_ARRIVED:
        paths = [f"referrer__{r}" for r in related]
        referral = Referral.objects.select_related(*paths, "friend").filter(pk=email.subject_id).first()
        return (referral.referrer, {"friend_name": referral.friend_first_name}) if referral else (None, {})
    return Referrer.objects.select_related(*related).filter(pk=email.subject_id).first(), {}
