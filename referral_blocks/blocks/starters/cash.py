"""Cash for a recommendation that becomes an order: for business to business, with a discount for the new client."""

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
            "heading": _now("You come recommended"),
            "text": _now("Somebody we work with thought of your company. Your first order is cheaper because of it."),
            "action_text": _now("Talk to us"),
        },
        steps=[
            (_now("Tell us about your company"), _now("Two lines are enough to begin with.")),
            (_now("We make you an offer"), _now("A clear price for what you need, without obligation.")),
            (_now("Your first order costs less"), _now("The discount is on the invoice without any code.")),
        ],
        form={
            "heading": _now("Talk to us"),
            "text": _now("We get back to you within one working day."),
            "button": _now("Send"),
            "fields": [("company", {}), ("phone", {}), ("message", {"label": _now("What do you need?")})],
        },
        questions=[(_now("Is the first talk free?"), _now("Yes, and nothing follows from it unless you want it."))],
        bar=_now("Your first order costs less."),
    )


def share_body() -> Body:
    return share(
        hero={
            "heading": _now("Know a company we should meet?"),
            "text": _now("Recommend us. When it becomes a client, we pay you in cash."),
            "action_text": _now("Get my link"),
        },
        steps=[
            (_now("Get your link"), _now("Join with your e-mail. No contract, no targets.")),
            (_now("Introduce us"), _now("Send it to a client, a supplier or a former colleague.")),
            (_now("Get paid"), _now("Once their first invoice is paid, we transfer your reward.")),
        ],
        message=_now("We work with these people and can recommend them. Here is my link:"),
        questions=[
            (
                _now("How am I paid?"),
                _now("By transfer. We ask where to send it when your first reward is ready."),
            )
        ],
    )


def terms(facts: TermsFacts) -> str:
    rewards = _now("Rewards in cash may be income that you have to declare. [[Check whether you send an invoice.]]")
    return terms_text(facts, more=[rewards])


STARTER = Starter(
    label=_("Cash for recommendations"),
    suits=_("Business to business"),
    description=_("Money for an introduction that turns into an order, and a discount for the new client."),
    picture="referral_blocks/admin/starters/cash.svg",
    program_name=_("Introduce us"),
    rewards=(
        StarterReward(
            "friend", Side.FRIEND, _("Your new client saves on the first order"), _("%(amount)s off the first order"),
            "100", instructions=_("Take the discount off the first invoice."), hold_days=0,
            approval=Approval.AUTOMATIC,
        ),
        StarterReward(
            "referrer", Side.REFERRER, _("The one who recommends you is paid"), _("%(amount)s in cash"), "250",
            instructions=_("Transfer the amount to the one who recommended us."), hold_days=30,
        ),
    ),
    pages={
        LANDING: StarterPage(_("%(name)s"), landing_body),
        SHARE: StarterPage(_("Recommend us to a company"), share_body),
        PORTAL: StarterPage(_("Your recommendations"), portal),
        TERMS: StarterPage(_("Terms: %(name)s"), terms_page),
    },
    terms=terms,
)  # fmt: skip
