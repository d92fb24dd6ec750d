"""A group deal: enough friends buy in time, and everybody is rewarded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.groups.models import GroupOffer
from referral_blocks.links.channels import CHANNELS
from referral_blocks.programs.models import Program
from referral_blocks.referrers.session import Session
from referral_blocks.rewards.models import Side, Trigger

from .audience import Audience, Share
from .base import Context, ReferralBlock
from .portal_forms import JoinGroupForm, OpenGroupForm, portal_form
from .portal_rows import GroupCard
from .share_buttons import ShareButton, buttons, texts
from .texts import words


@dataclass(frozen=True, slots=True)
class Deal:
    """One offer as its referrer sees it: the group that runs or ended last, and the button for a new one."""

    offer: GroupOffer
    group: GroupCard | None
    share: Share | None
    buttons: list[ShareButton]
    form: OpenGroupForm | None
    anchor: str


class GroupDealBlock(ReferralBlock):
    """An invited friend sees their friend's group and joins it; a verified referrer their own, and opens new ones;
    everybody else what there is to win."""

    template_name = "group_deal"

    heading = blocks.CharBlock(max_length=90, default=words(_("Better together")), label=_("Heading"))
    text = blocks.TextBlock(
        required=False, default=words(_("Get enough friends together in time, and everybody is rewarded.")),
        label=_("Text"),
    )  # fmt: skip
    join_button = blocks.CharBlock(max_length=40, default=words(_("Join the group")), label=_("Button for friends"))
    open_button = blocks.CharBlock(max_length=40, default=words(_("Open a group")), label=_("Button for referrers"))

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        shown: Context = {"prizes": _prizes(audience, program), "invited": None, "deals": [], "referrer": None}
        if invited := audience.invited_group(program):
            return {**shown, "invited": invited, "form": _join_form(invited, audience, program, context)}
        offers = audience.group_offers(program)
        session = audience.session(program)
        if session is None or not session.verified:
            return {**shown, "offers": offers, "share_href": audience.page_href(program, "share_page")}
        deals = [_deal(offer, audience, session, context) for offer in offers]
        return {**shown, "offers": offers, "deals": deals, "referrer": session.referrer}

    def own_trouble(self, value: Any, *, audience: Audience, program: Program | None) -> str:
        if program is None or audience.group_offers(program):
            return ""
        return str(_("This programme has no active group offer: visitors see nothing here until it has one."))

    class Meta:
        icon = "group"
        label = _("Group deal")
        description = _("A group with its places and its deadline: friends join it, referrers open one.")


def _prizes(audience: Audience, program: Program) -> dict[str, list[str]]:
    rules = audience.rules_for(program, Trigger.GROUP)
    return {side: [rule.title for rule in rules if rule.side == side] for side in (Side.FRIEND, Side.REFERRER)}


def _join_form(group: GroupCard, audience: Audience, program: Program, context: Context) -> JoinGroupForm | None:
    if group.state != "open" or not program.is_open:
        return None
    ids = {"form_id": context["form_id"], "anchor": context["anchor"]}
    return portal_form(JoinGroupForm, audience=audience, program=program, group=group.public_id, **ids)


def _deal(offer: GroupOffer, audience: Audience, session: Session, context: Context) -> Deal:
    groups = [group for group in audience.own_groups(session.referrer) if group.offer_id == offer.pk]
    group = groups[0] if groups else None
    running = group is not None and group.state in ("open", "full")
    form = None
    if not running and session.referrer.program.is_open:
        form = portal_form(
            OpenGroupForm, audience=audience, program=session.referrer.program, offer=offer.pk,
            form_id=f"{context['form_id']}-{offer.pk}", anchor=f"{context['anchor']}-{offer.pk}",
        )  # fmt: skip
    share = audience.group_share(session, group.public_id) if group is not None and running else None
    found = texts(channels=CHANNELS, message=offer.title, own={}, request=None)
    anchor = f"{context['anchor']}-{offer.pk}"
    return Deal(offer, group, share, buttons(share=share, texts=found) if share else [], form, anchor)
