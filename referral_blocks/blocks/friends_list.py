"""The friends whom a referrer brought, by first name, and how far each one is."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.referrers.session import Session

from .audience import Audience
from .base import Context
from .personal import PersonalBlock
from .texts import words


class FriendsListBlock(PersonalBlock):
    template_name = "friends_list"

    heading = blocks.CharBlock(max_length=90, default=words(_("Your friends")), label=_("Heading"))
    empty_text = blocks.TextBlock(
        required=False, label=_("Text while there is none"),
        default=words(_("Nobody yet. Send your link to one person who would be glad of it: that is how it starts.")),
    )  # fmt: skip

    def personal_context(self, value: Any, *, audience: Audience, session: Session, context: Context) -> Context:
        return {"listed": audience.friend_rows(session.referrer)}

    class Meta:
        icon = "group"
        label = _("Your friends")
        description = _("Who came through a referrer’s link: first names only, and how far each one is.")
