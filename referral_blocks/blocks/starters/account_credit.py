"""Credit on the account for both: for software and services that are paid again and again."""

from __future__ import annotations

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from referral_blocks.blocks.starter import LANDING, PORTAL, SHARE, TERMS, Body, Starter, StarterPage, StarterReward
from referral_blocks.blocks.starter_pages import landing, portal, share, terms_page, terms_text
from referral_blocks.rewards.models import Approval, Side


def landing_body() -> Body:
    return landing(
        hero={
            "heading": _now("Start with credit on your account"),
            "text": _now("Somebody who works with us every day thought of you. Your first bill is smaller for it."),
            "action_text": _now("Start with credit"),
        },
        steps=[
            (_now("Leave your details"), _now("We set up your account, or show you around first.")),
            (_now("Choose a plan"), _now("Your credit is taken off the first bill by itself.")),
            (_now("Your friend gets credit, too"), _now("That is our thank-you for passing us on.")),
        ],
        form={
            "heading": _now("Start with credit"),
            "text": _now("We write to you with everything you need to begin."),
            "button": _now("Start with credit"),
        },
        questions=[
            (
                _now("How long does the credit last?"),
                _now("Until it is used up: it comes off your bills, one after another."),
            )
        ],
        bar=_now("Your credit is waiting."),
    )


def share_body() -> Body:
    return share(
        hero={
            "heading": _now("Share what you work with"),
            "text": _now("Invite somebody. They start with credit on their account, and so do you."),
            "action_text": _now("Get my link"),
        },
        steps=[
            (_now("Get your link"), _now("Join with the e-mail of your account.")),
            (_now("Share it"), _now("In a message, a post, or under your next article.")),
            (_now("Pay less"), _now("When they pay their first bill, yours gets smaller.")),
        ],
        message=_now("I work with this every day. With my link you start with credit:"),
        questions=[(_now("Where do I see my credit?"), _now("On your next bill, and here on this page."))],
    )


STARTER = Starter(
    label=_("Account credit"),
    suits=_("Software and subscriptions"),
    description=_("Both sides pay less on their next bill. Nothing leaves the house."),
    picture="referral_blocks/admin/starters/account-credit.svg",
    program_name=_("Give credit, get credit"),
    rewards=(
        StarterReward(
            "friend", Side.FRIEND, _("Your new customer gets credit of"), _("%(amount)s account credit"), "25",
            instructions=_("Put the credit on the new customer’s account."), hold_days=0, approval=Approval.AUTOMATIC,
        ),
        StarterReward(
            "referrer", Side.REFERRER, _("The one who invites gets credit of"), _("%(amount)s account credit"), "25",
            instructions=_("Put the credit on the account of the one who invited."),
        ),
    ),
    pages={
        LANDING: StarterPage(_("%(name)s"), landing_body),
        SHARE: StarterPage(_("Invite and save"), share_body),
        PORTAL: StarterPage(_("Your credit"), portal),
        TERMS: StarterPage(_("Terms: %(name)s"), terms_page),
    },
    terms=terms_text,
)  # fmt: skip
