"""The referrer's link with everything to pass it on."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .texts import words


class SharePanelBlock(ReferralBlock):
    """Shows itself to referrers who have joined, and nothing to anybody else."""

    template_name = "share_panel"

    heading = blocks.CharBlock(max_length=90, default=words(_("Your link is ready to share")), label=_("Heading"))
    text = blocks.TextBlock(
        required=False, default=words(_("Everybody who comes through it counts for you.")), label=_("Text")
    )
    message = blocks.TextBlock(
        required=False, max_length=300, default=words(_("I think you would like this. Here is my link:")),
        label=_("Suggested message"), help_text=_("Put before the link when somebody shares it; they can change it."),
    )  # fmt: skip
    show_qr = blocks.BooleanBlock(
        required=False, default=True, label=_("Show the QR code"), help_text=_("With buttons to download it for print.")
    )

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        session = audience.session(program) if program else None
        share = audience.share(session) if session else None
        if program is None or share is None:
            return {"session": None}
        subject, body = quote(program.name), quote(f"{value.get('message') or ''}\n{share.url}".strip())
        return {"session": session, "share": share, "mail_link": f"mailto:?subject={subject}&body={body}"}

    class Meta:
        icon = "link"
        label = _("Share panel")
        description = _("A referrer’s own link as text, copy and share buttons, and a QR code.")
