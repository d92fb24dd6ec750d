"""A donation for each friend: for those whose customers would not recommend for money."""

from __future__ import annotations

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from referral_blocks.blocks.starter import (
    LANDING,
    PORTAL,
    SHARE,
    TERMS,
    Body,
    Starter,
    StarterPage,
    StarterReward,
    TermsFacts,
)
from referral_blocks.blocks.starter_pages import landing, portal, share, terms_page, terms_text
from referral_blocks.rewards.models import Approval, Side


def landing_body() -> Body:
    return landing(
        hero={
            "heading": _now("A good recommendation does good"),
            "text": _now("Become a customer, and we donate in your friend’s name. You get a welcome gift."),
            "action_text": _now("Get to know us"),
        },
        steps=[
            (_now("Leave your details"), _now("Name and e-mail are enough.")),
            (_now("Get to know us"), _now("Take your time. There is no obligation.")),
            (_now("Something good happens"), _now("After your first purchase we donate, and your gift is yours.")),
        ],
        form={
            "heading": _now("Get to know us"),
            "text": _now("We write to you within one working day."),
            "button": _now("Send"),
        },
        questions=[
            (
                _now("Who gets the donation?"),
                _now("The cause that is named in the terms below. We publish what we have given once a year."),
            )
        ],
        bar=_now("Your first purchase does good."),
    )


def share_body() -> Body:
    return share(
        hero={
            "heading": _now("Recommend us, and we give"),
            "text": _now("For each friend who becomes a customer we donate in your name."),
            "action_text": _now("Get my link"),
        },
        steps=[
            (_now("Get your link"), _now("Join with your e-mail. Your own link is there at once.")),
            (_now("Pass it on"), _now("To people who would like us, too.")),
            (_now("We donate"), _now("After their first purchase, in your name. You see each donation here.")),
        ],
        message=_now("I like them, and with my link they donate to a good cause:"),
        questions=[(_now("Do I get a receipt?"), _now("The donation is ours, in your name. The receipt goes to us."))],
    )


def terms(facts: TermsFacts) -> str:
    cause = _now("Donations go to [[name of the charity]], at the end of each quarter. They are made by us.")
    return terms_text(facts, more=[cause])


STARTER = Starter(
    label=_("Donation for each friend"),
    suits=_("Practices, foundations, family firms"),
    description=_("You donate in the name of the one who recommends you. The friend gets a welcome gift."),
    picture="referral_blocks/admin/starters/donation.svg",
    program_name=_("Recommend and give"),
    rewards=(
        StarterReward(
            "friend", Side.FRIEND, _("Your new customer gets a welcome gift of"), _("%(amount)s welcome gift"), "10",
            instructions=_("Take it off the first bill, or hand over the gift."), hold_days=0,
            approval=Approval.AUTOMATIC,
        ),
        StarterReward(
            "referrer", Side.REFERRER, _("You donate for each friend"), _("%(amount)s to a good cause"), "20",
            instructions=_("Note the donation; it goes out with the next transfer to the charity."),
        ),
    ),
    pages={
        LANDING: StarterPage(_("%(name)s"), landing_body),
        SHARE: StarterPage(_("Recommend and give"), share_body),
        PORTAL: StarterPage(_("Your donations"), portal),
        TERMS: StarterPage(_("Terms: %(name)s"), terms_page),
    },
    terms=terms,
)  # fmt: skip
