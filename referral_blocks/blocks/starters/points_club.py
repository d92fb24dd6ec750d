"""Points for each friend, exchanged for something later: for shops that people come back to."""

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
from referral_blocks.rewards.models import Approval, Side, Trigger

PRICE = 300


def landing_body() -> Body:
    return landing(
        hero={
            "heading": _now("Your friend kept a treat for you"),
            "text": _now("Leave your details, and your first visit costs less."),
            "action_text": _now("Claim my treat"),
        },
        steps=[
            (_now("Leave your details"), _now("Name and e-mail are enough.")),
            (_now("Come by"), _now("What you save is taken off at the till.")),
            (_now("Collect points yourself"), _now("Bring friends of your own, and exchange points for treats.")),
        ],
        form={
            "heading": _now("Claim your treat"),
            "text": _now("We send it to your inbox."),
            "button": _now("Claim my treat"),
        },
        questions=[
            (_now("Is there a card or an app?"), _now("No. Your e-mail address is all you need.")),
        ],
        bar=_now("Your first visit costs less."),
    )


def share_body() -> Body:
    return share(
        hero={
            "heading": _now("Collect points with friends"),
            "text": _now("Each friend who comes by brings you points. Exchange them for something nice."),
            "action_text": _now("Start collecting"),
        },
        steps=[
            (_now("Get your link"), _now("Join with your e-mail. That is your membership.")),
            (_now("Bring friends"), _now("Points come with everyone’s first purchase.")),
            (_now("Treat yourself"), _now("Exchange your points here whenever you like.")),
        ],
        message=_now("I like going there, and with my link your first visit costs less:"),
        questions=[(_now("What can I get for my points?"), _now("What is listed under “Your points” on this page."))],
        offer=[("offer_cards", {"speaks_to": "referrer"}), ("points", {})],
    )


def portal_body() -> Body:
    return portal(more=[("points", {})])


def terms(facts: TermsFacts) -> str:
    exchanged = [
        _now("For %(points)d points people can have: %(title)s.") % {"points": points, "title": title}
        for title, points in facts.for_points
    ]
    limits = _now(
        "Points cannot be exchanged for money and cannot be given to others. [[Check whether and when points expire.]]"
    )
    return terms_text(facts, more=[*exchanged, limits])


STARTER = Starter(
    label=_("Points club"),
    suits=_("Shops, cafés and salons"),
    description=_("Points for each friend, collected and exchanged for treats. The friend saves at once."),
    picture="referral_blocks/admin/starters/points-club.svg",
    program_name=_("The friends’ club"),
    rewards=(
        StarterReward(
            "friend", Side.FRIEND, _("Your new customer saves on the first purchase"),
            _("%(amount)s off the first purchase"), "5", instructions=_("Take it off the first bill."), hold_days=0,
            approval=Approval.AUTOMATIC,
        ),
        StarterReward(
            "referrer", Side.REFERRER, _("Points for each friend"), _("%(amount)s for each friend"), "100",
            help_text=_("In whole points."), in_points=True, approval=Approval.AUTOMATIC,
        ),
        StarterReward(
            "treat", Side.REFERRER, _("300 points are exchanged for a voucher of"), _("%(amount)s voucher"), "20",
            help_text=_("You can change the price and add more to choose from afterwards."),
            trigger=Trigger.POINTS, points_price=PRICE, instructions=_("Hand over the voucher."), hold_days=0,
        ),
    ),
    pages={
        LANDING: StarterPage(_("%(name)s"), landing_body),
        SHARE: StarterPage(_("Collect points"), share_body),
        PORTAL: StarterPage(_("Your points"), portal_body),
        TERMS: StarterPage(_("Terms: %(name)s"), terms_page),
    },
    terms=terms,
)  # fmt: skip
