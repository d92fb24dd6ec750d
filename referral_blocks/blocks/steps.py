"""The programme explained in a few steps."""

from __future__ import annotations

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from .base import ReferralBlock
from .texts import words


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(max_length=60, label=_("Title"))
    text = blocks.TextBlock(required=False, label=_("Text"))

    class Meta:
        icon = "order"
        label = _("Step")


def default_steps() -> list[dict[str, str]]:
    return [
        {"title": _now("Share your link"), "text": _now("Send it to somebody who would like us, too.")},
        {"title": _now("They come to us"), "text": _now("Your friend leaves their details and gets a welcome gift.")},
        {"title": _now("You both win"), "text": _now("After the first purchase your reward is on its way.")},
    ]


class StepsBlock(ReferralBlock):
    template_name = "steps"
    needs_program = False

    heading = blocks.CharBlock(required=False, max_length=90, default=words(_("How it works")), label=_("Heading"))
    steps = blocks.ListBlock(
        StepBlock(), default=default_steps, min_num=1, max_num=6, label=_("Steps"),
        help_text=_("Three are read, six are skimmed."),
    )  # fmt: skip

    class Meta:
        icon = "list-ol"
        label = _("How it works, in steps")
        description = _("Numbered steps that explain the programme at a glance.")
