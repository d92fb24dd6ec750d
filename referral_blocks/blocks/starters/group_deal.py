"""Enough friends in time, and everybody is rewarded: for classes, courses and events."""

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
    StarterGroup,
    StarterPage,
    StarterReward,
    TermsFacts,
)
from referral_blocks.blocks.starter_pages import landing, portal, share, terms_page, terms_text
from referral_blocks.rewards.models import Side, Trigger

SIZE, HOURS = 3, 72


def landing_body() -> Body:
    return landing(
        hero={
            "heading": _now("There is a place for you in the group"),
            "text": _now("Come along with your friends. When the group is full in time, everybody saves."),
            "action_text": _now("Join in"),
        },
        steps=[
            (_now("Take your place"), _now("Name and e-mail are enough.")),
            (_now("Book in time"), _now("Before the group’s time is over.")),
            (_now("Everybody saves"), _now("As soon as the last place is booked.")),
        ],
        form={
            "heading": _now("Join in"),
            "text": _now("We send you everything you need to book."),
            "button": _now("Join in"),
        },
        questions=[
            (
                _now("What if the group is not full in time?"),
                _now("Then what you have booked stays as it is, at the usual price."),
            )
        ],
        bar=_now("Your friends are waiting."),
        offer=[("group_deal", {})],
    )


def share_body() -> Body:
    return share(
        hero={
            "heading": _now("Get your group together"),
            "text": _now("Open a group and bring your friends in time: everybody saves."),
            "action_text": _now("Get my link"),
        },
        steps=[
            (_now("Open a group"), _now("Join with your e-mail, then open your group.")),
            (_now("Bring your friends"), _now("Each of them takes a place through your link.")),
            (_now("Everybody saves"), _now("You and all of them, once the last place is booked.")),
        ],
        message=_now("Come along? If we are enough, it is cheaper for all of us:"),
        questions=[
            (
                _now("Can I open several groups?"),
                _now("One after another: a new one when the last is full or its time is over."),
            )
        ],
        offer=[("group_deal", {})],
    )


def portal_body() -> Body:
    return portal(more=[("group_deal", {})])


def terms(facts: TermsFacts) -> str:
    group = _now(
        "A group is complete when %(size)d friends have bought within %(hours)d hours of its opening. A group that is "
        "not complete by then earns nothing. [[Check size and time against the group offer.]]"
    ) % {"size": SIZE, "hours": HOURS}
    return terms_text(
        facts,
        more=[group],
        referrer=_now("Who opens a group that is complete in time gets: %(rewards)s."),
        friend=_now("Each friend who has bought in such a group gets: %(rewards)s."),
    )


STARTER = Starter(
    label=_("Group deal"),
    suits=_("Classes, courses, events"),
    description=_("A group with a deadline: when enough friends buy in time, everybody saves."),
    picture="referral_blocks/admin/starters/group-deal.svg",
    program_name=_("Better together"),
    rewards=(
        StarterReward(
            "friend", Side.FRIEND, _("Each friend in a full group saves"), _("%(amount)s off for the group"), "10",
            trigger=Trigger.GROUP, instructions=_("Take it off the friend’s bill, or pay it back."),
        ),
        StarterReward(
            "referrer", Side.REFERRER, _("The one who opens a full group saves"), _("%(amount)s off for a full group"),
            "20", trigger=Trigger.GROUP, instructions=_("Take it off the next bill."),
        ),
    ),
    pages={
        LANDING: StarterPage(_("%(name)s"), landing_body),
        SHARE: StarterPage(_("Open a group"), share_body),
        PORTAL: StarterPage(_("Your groups"), portal_body),
        TERMS: StarterPage(_("Terms: %(name)s"), terms_page),
    },
    terms=terms,
    groups=(StarterGroup(_("Three friends, three days"), SIZE, HOURS),),
)  # fmt: skip
