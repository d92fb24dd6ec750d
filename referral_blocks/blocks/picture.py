"""A picture in a block: its sizes are looked up for all blocks of a kind at once, however many pictures a page has."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from PIL import Image as Pillow
from wagtail.images.blocks import ImageBlock
from wagtail.images.models import SourceImageIOError
from willow.svg import WillowSvgException

# What comes of a picture's file that is gone, broken or no picture; Willow’s own are OSErrors.
UNREADABLE = (OSError, SourceImageIOError, Pillow.DecompressionBombError, WillowSvgException)


class PictureBlock(ImageBlock):
    """Wagtail's image with alternative text; its own cache of sizes is asked picture by picture, and may be cold."""

    def bulk_to_python(self, values: Any) -> Any:
        images = super().bulk_to_python(values)
        found = [image for image in images if image is not None]
        if found:
            sizes = found[0].get_rendition_model().objects.all()
            prefetch_related_objects(found, Prefetch("renditions", queryset=sizes, to_attr="prefetched_renditions"))
        return images
