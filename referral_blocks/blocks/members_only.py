"""Content for referrers alone: what is locked is not on the page at all."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .texts import web_address, words


class MembersTextBlock(blocks.StructBlock):
    # A block of its own: a bare text field in a stream has no label in Wagtail's editor.
    text = blocks.TextBlock(label=_("Text"))

    class Meta:
        icon = "pilcrow"
        label = _("Text")


class MembersCodeBlock(blocks.StructBlock):
    label = blocks.CharBlock(required=False, max_length=80, label=_("Label"))
    code = blocks.CharBlock(max_length=60, label=_("Code"))

    class Meta:
        icon = "key"
        label = _("Code")


class MembersLinkBlock(blocks.StructBlock):
    text = blocks.CharBlock(max_length=60, label=_("Text"))
    url = blocks.URLBlock(label=_("Address"))

    class Meta:
        icon = "link"
        label = _("Link")


class MembersContentBlock(blocks.StreamBlock):
    text = MembersTextBlock()
    code = MembersCodeBlock()
    link = MembersLinkBlock()


def default_content() -> list[tuple[str, dict[str, str]]]:
    return [("text", {"text": _now("Good to have you. Here is something that only members get.")})]


class MembersOnlyBlock(ReferralBlock):
    """Unlocked by a verified session alone: anybody may type anybody's address into the join form."""

    template_name = "members_only"

    heading = blocks.CharBlock(max_length=90, default=words(_("A thank-you for members")), label=_("Heading"))
    friends_needed = blocks.IntegerBlock(
        default=0, min_value=0, max_value=1000, label=_("Friends needed"),
        help_text=_("0: everybody who has joined. 3: whoever brought three customers."),
    )  # fmt: skip
    locked_text = blocks.TextBlock(
        required=False, label=_("Text while it is locked"),
        default=words(_("This is for people who pass us on. Join, and it opens for you.")),
    )  # fmt: skip
    content = MembersContentBlock(
        default=default_content, search_index=False,
        label=_("What members see"), help_text=_("It never reaches anybody else’s browser."),
    )  # fmt: skip

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        session = audience.session(program)
        needed = int(value.get("friends_needed") or 0)
        verified = session if session and session.verified else None
        brought = audience.customers(verified.referrer) if verified and needed else 0
        if verified is None or brought < needed:
            return {"unlocked": False, "session": session, "verified": verified, "brought": brought, "needed": needed}
        pieces = [_piece(child) for child in value.get("content") or ()]
        return {"unlocked": True, "pieces": [piece for piece in pieces if piece]}

    def get_api_representation(self, value: Any, context: Context | None = None) -> Context:
        """Whoever asks a host's public API for the page's body is nobody's member."""
        shown = super().get_api_representation(value, context=context)
        return {name: part for name, part in shown.items() if name != "content"}

    def own_trouble(self, value: Any, *, audience: Audience, program: Program | None) -> str:
        if not (value or {}).get("content"):
            return _now("There is nothing to unlock yet: add what members see.")
        return ""

    class Meta:
        icon = "lock"
        label = _("For members only")
        description = _("Opens for referrers, or for those who brought a number of customers; hidden from all others.")


def _piece(child: Any) -> dict[str, str] | None:
    if child.block_type == "text":
        return {"kind": "text", "text": child.value.get("text") or ""}
    if child.block_type == "code":
        return {"kind": "code", "label": child.value.get("label") or "", "code": child.value.get("code") or ""}
    url = web_address(child.value.get("url") or "")
    return {"kind": "link", "text": child.value.get("text") or url, "url": url} if url else None
