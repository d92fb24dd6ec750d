"""What <referral-share> says, in one language, and the channels that it offers."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from referral_blocks.links.channels import CHANNELS, Channel, Message
from referral_blocks.referrals.models import Stage
from referral_blocks.rewards.models import Reason, RewardState

# What the script puts its own in place of, in an address that was made here: as they come out of percent-encoding.
MESSAGE = Message(url="{url}", text="{text}", subject="{subject}")


def site_language() -> str:
    return str(settings.LANGUAGE_CODE).lower()


def known_language(asked: str) -> str:
    """The language of the site that is nearest to the one asked for."""
    try:
        return translation.get_supported_language_variant(asked)
    except LookupError:
        return site_language()


def words(language: str) -> dict[str, Any]:
    """Everything that the element says; the scripts know it by these names."""
    with translation.override(language):
        return {
            "language": language,
            "rtl": translation.get_language_bidi(),
            "states": {state.name: str(state.label) for state in RewardState},
            "stages": {stage.name: str(stage.label) for stage in Stage},
            "reasons": {reason.name: str(reason.label) for reason in Reason},
            "channels": [_channel(channel) for channel in CHANNELS.values() if channel.address],
            **_sharing(),
            **_forms(),
            **_standing(),
            **_troubles(),
        }


def few_words(language: str) -> dict[str, Any]:
    """What the element can say while it has no words, or none are to be had."""
    whole = words(language)
    return {name: whole[name] for name in ("language", "rtl", "loading", "again", "offline")}


def _sharing() -> dict[str, str]:
    return {
        "shareHeading": _("Your link is ready to share"),
        "shareText": _("Everybody who comes through it counts for you."),
        "message": _("I think you would like this. Here is my link:"),
        "link": _("Your link"),
        "code": _("Your code"),
        "copy": _("Copy the link"),
        "share": _("Share"),
        "copied": _("Copied. Paste it wherever you like."),
        "notCopied": _("Copying did not work here. The link is selected: copy it from the field."),
        "notShared": _("Sharing did not work here. Copy the link instead."),
        "sendWith": _("Send it with"),
        "newTab": _("(opens a new tab)"),
        "changeMessage": _("Change the message first"),
        "yourMessage": _("Your message"),
        "linkAdded": _("The link is added to it by itself."),
        "qr": _("QR code of your link"),
        "scan": _("Let a friend scan it, or print it:"),
        "download": _("Download for print:"),
    }


def _forms() -> dict[str, str]:
    return {
        "youGet": _("You get"),
        "friendGets": _("Your friend gets"),
        "name": _("Name"),
        "email": _("E-mail"),
        "greeting": _("Friends may see my first name"),
        "greetingHelp": _("They are greeted with “… invited you”. Without it they are not told who you are."),
        "acceptTerms": _("I accept the terms"),
        "readTerms": _("Read the terms"),
        "join": _("Get my link"),
        "joinedBefore": _("Joined before? We mail you a link that signs you in. No password needed."),
        "mailMe": _("Mail me a sign-in link"),
        "signIn": _("Joined before? Sign in"),
        "backToJoin": _("Not joined yet? Get your link"),
        "signInHeading": _("Your friends and rewards"),
        "nameMissing": _("Enter your name."),
        "emailMissing": _("Enter your e-mail address."),
        "termsMissing": _("Please accept the terms to go on."),
        "mailSent": _("If this address has joined, a mail with a sign-in link is on its way. It works for three days."),
        "joined": _("You’re in. A mail with your link and a way to sign in is on its way to you."),
        "openMail": _(
            "Open the sign-in link in our e-mail to see your friends and rewards. We ask for it so that nobody else "
            "can look."
        ),
        "signOut": _("Sign out"),
        "notYou": _("Not you, or on somebody else’s device?"),
    }


def _standing() -> dict[str, str]:
    return {
        "visits": _("Visits"),
        "friends": _("Friends"),
        "customers": _("Customers"),
        "pending": _("On its way"),
        "received": _("Received"),
        "rewards": _("Rewards"),
        "noRewards": _("None yet. Your first one comes with your first friend who buys."),
        "noFriends": _("Nobody yet. Share your link to get going."),
        "aFriend": _("A friend"),
        "until": _("until %(date)s"),
        "code_is": _("Your code:"),
        "goOn": _("There is something to do:"),
        "goOnThere": _("open your page"),
        "milestones": _("Milestones"),
        "from": _("Friends who are customers: %(number)s"),
        "reached": _("reached"),
        "next": _("Your next reward:"),
        "ofFriends": _("%(done)s of %(all)s friends are customers"),
        "newest": _("The newest %(shown)s of %(all)s"),
        "changed": _("Your figures have changed."),
    }


def _troubles() -> dict[str, str]:
    return {
        "loading": _("Loading…"),
        "sending": _("Sending…"),
        "again": _("Try again"),
        "offline": _("This cannot be shown at the moment. Check your connection, or try again later."),
        "stale": _("Not up to date: the connection is interrupted. We keep trying."),
        "tooMany": _("Too many tries. Wait a minute, then try again."),
        "unknown": _("This programme is not to be found."),
        "badLink": _("This sign-in link is damaged or too old. Ask for a new one."),
        "scheduled": _("“%(name)s” starts on %(date)s. Please come back then."),
        "ended": _("“%(name)s” has ended. What was promised is kept."),
        "paused": _("“%(name)s” is taking a break at the moment. Please come back later."),
    }


def _channel(channel: Channel) -> dict[str, Any]:
    assert channel.address is not None  # noqa: S101 - asked for by the caller
    return {
        "slug": channel.slug,
        "label": str(channel.label),
        "address": channel.address(MESSAGE),
        "inPlace": channel.in_place,
        "icon": _icon(channel.slug),
    }


def _icon(slug: str) -> list[tuple[str, dict[str, str]]]:
    """The shapes of the icon that the site's own buttons have, so that the script needs no markup."""
    drawn = render_to_string("referral_blocks/elements/channel_icon.html", {"channel": slug})
    return [(re.sub(r"{.*}", "", shape.tag), dict(shape.attrib)) for shape in ElementTree.fromstring(drawn)]  # noqa: S314
