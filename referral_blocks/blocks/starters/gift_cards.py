"""A gift card for both: for trades that people recommend over the garden fence."""

from __future__ import annotations

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from referral_blocks.blocks.starter import LANDING, PORTAL, SHARE, TERMS, Body, Starter, StarterPage, StarterReward
from referral_blocks.blocks.starter_pages import landing, portal, share, terms_page, terms_text
from referral_blocks.rewards.models import Approval, Side


def landing_body() -> Body:
    return landing(
        hero={
            "heading": _now("Recommended next door"),
            "text": _now("Somebody near you already trusts us. Try us too, and there is a gift card in it for you."),
            "action_text": _now("Claim my gift card"),
        },
        steps=[
            (_now("Leave your details"), _now("Name and e-mail are enough. It takes half a minute.")),
            (_now("We get in touch"), _now("We agree a day and a price before anything starts.")),
            (_now("You both get a gift card"), _now("Yours and your neighbour’s, once the first job is paid for.")),
        ],
        form={
            "heading": _now("Claim your gift card"),
            "text": _now("We get in touch within one working day."),
            "button": _now("Claim my gift card"),
        },
        questions=[
            (
                _now("When do I get my gift card?"),
                _now("Once your first job is paid for. We send it by e-mail or hand it to you."),
            )
        ],
        bar=_now("A gift card is waiting for you."),
    )


def share_body() -> Body:
    return share(
        hero={
            "heading": _now("Know somebody who could use us?"),
            "text": _now("Pass us on. When they become a customer, you both get a gift card."),
            "action_text": _now("Get my link"),
        },
        steps=[
            (_now("Get your link"), _now("Join with your e-mail. Your own link is there at once.")),
            (_now("Pass it on"), _now("Send it to a neighbour, or let them scan the code.")),
            (_now("We say thank you"), _now("Once their first job is paid for, your gift card is on its way.")),
        ],
        message=_now("I am happy with these people, and you get a gift card with my link:"),
        questions=[(_now("How do I get my gift card?"), _now("We mail you as soon as it is ready."))],
    )


STARTER = Starter(
    label=_("Gift cards for both"),
    suits=_("Local services"),
    description=_("A gift card for the one who recommends you, and one for the new customer."),
    picture="referral_blocks/admin/starters/gift-cards.svg",
    program_name=_("Bring a neighbour"),
    rewards=(
        StarterReward(
            "friend", Side.FRIEND, _("Your new customer gets a gift card of"), _("%(amount)s gift card"), "10",
            instructions=_("Send or hand over the gift card once the first job is paid for."),
            hold_days=0, approval=Approval.AUTOMATIC,
        ),
        StarterReward(
            "referrer", Side.REFERRER, _("The one who recommends you gets a gift card of"), _("%(amount)s gift card"),
            "20", instructions=_("Send or hand over the gift card."),
        ),
    ),
    pages={
        LANDING: StarterPage(_("%(name)s"), landing_body),
        SHARE: StarterPage(_("Recommend us"), share_body),
        PORTAL: StarterPage(_("Your rewards"), portal),
        TERMS: StarterPage(_("Terms: %(name)s"), terms_page),
    },
    terms=terms_text,
)  # fmt: skip
