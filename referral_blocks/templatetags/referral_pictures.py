"""Pictures for the blocks' templates: in sizes and a modern format, and nothing where the file cannot be shown."""

from __future__ import annotations

import logging
from itertools import product
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from wagtail.images.models import Picture

from referral_blocks.blocks.picture import UNREADABLE

logger = logging.getLogger(__name__)
register = template.Library()

FORMATS = ("webp", "jpeg")


@register.simple_tag
def referral_picture(image: Any, *sizes: str, **attributes: str) -> SafeString:
    """A ``picture`` element in each of Wagtail's ``sizes``, with JPEG for browsers without WebP; a drawing (SVG) as it
    is. Empty without an image, and for one whose file is gone or broken."""
    if not image:
        return SafeString("")
    try:
        if image.is_svg():
            shown = {name: value for name, value in attributes.items() if name != "sizes"}
            return SafeString(image.get_rendition(f"{sizes[-1]}|preserve-svg").img_tag(shown))
        specs = [f"format-{kind}|{size}" for kind, size in product(FORMATS, sizes)]
        return mark_safe(Picture(image.get_renditions(*specs), attributes).__html__())  # noqa: S308 - Wagtail escapes
    except UNREADABLE:
        logger.warning("The file of image %s cannot be shown", image.pk, exc_info=True)
        return SafeString("")
