"""The referrer's link with everything to pass it on."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.links.channels import channel_choices
from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .share_buttons import buttons, texts
from .texts import words

SAME = _("Empty: the suggested message.")


class ChannelTextsBlock(blocks.StructBlock):
    """Words of its own for a channel where the suggested message does not fit."""

    whatsapp = blocks.TextBlock(required=False, max_length=300, label=_("WhatsApp"), help_text=SAME)
    email = blocks.TextBlock(required=False, max_length=600, label=_("E-mail"), help_text=SAME)
    sms = blocks.TextBlock(required=False, max_length=160, label=_("SMS"), help_text=SAME)
    x = blocks.TextBlock(required=False, max_length=240, label=_("X"), help_text=SAME)

    class Meta:
        label = _("Other words for single channels")
        icon = "comment"
        collapsed = True


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
    channels = blocks.MultipleChoiceBlock(
        choices=channel_choices, default=[slug for slug, _label in channel_choices()], required=False,
        label=_("Share buttons"), help_text=_("Facebook and LinkedIn take the link alone, without the message."),
    )  # fmt: skip
    channel_texts = ChannelTextsBlock(required=False)
    show_qr = blocks.BooleanBlock(
        required=False, default=True, label=_("Show the QR code"), help_text=_("With buttons to download it for print.")
    )

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        session = audience.session(program) if program else None
        share = audience.share(session) if session else None
        if program is None or share is None:
            return {"session": None}
        found = texts(
            channels=value.get("channels") or (),
            message=value.get("message") or "",
            own=value.get("channel_texts") or {},
            request=audience.request,
        )
        return {"session": session, "share": share, "texts": found, "buttons": buttons(share=share, texts=found)}

    class Meta:
        icon = "link"
        label = _("Share panel")
        description = _("A referrer’s own link as text, copy and share buttons, and a QR code.")
