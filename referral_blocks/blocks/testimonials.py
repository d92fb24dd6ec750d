"""What customers say."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import ReferralBlock
from .picture import PictureBlock
from .texts import words


class TestimonialBlock(blocks.StructBlock):
    quote = blocks.TextBlock(max_length=400, label=_("Quote"), help_text=_("One or two sentences, in their words."))
    name = blocks.CharBlock(max_length=80, label=_("Who says it"))
    role = blocks.CharBlock(
        required=False, max_length=80, label=_("Who they are"), help_text=_("Such as “Café owner, Leeds”.")
    )
    photo = PictureBlock(required=False, label=_("Photo"), help_text=_("A face, square if you can."))

    class Meta:
        icon = "openquote"
        label = _("Testimonial")


def default_testimonials() -> list[dict[str, Any]]:
    return [
        {
            "quote": _now("I sent the link to my sister. We both had our reward within two weeks."),
            "name": _now("A happy customer"),
            "role": "",
            "photo": None,
        }
    ]


class TestimonialsBlock(ReferralBlock):
    template_name = "testimonials"
    needs_program = False

    heading = blocks.CharBlock(required=False, max_length=90, default=words(_("What people say")), label=_("Heading"))
    testimonials = blocks.ListBlock(
        TestimonialBlock(), default=default_testimonials, min_num=1, max_num=6, label=_("Testimonials"),
        help_text=_("Replace the example with what your customers have really said, and ask them first."),
    )  # fmt: skip

    def own_trouble(self, value: Any, *, audience: Audience, program: Program | None) -> str:
        examples = {item["quote"] for item in default_testimonials()}
        if not any(item.get("quote") in examples for item in (value or {}).get("testimonials") or ()):
            return ""
        return _now("This is our example, and nobody has said it. Put in what a customer of yours did say.")

    class Meta:
        icon = "openquote"
        label = _("Testimonials")
        description = _("What customers say, with name and photo.")
