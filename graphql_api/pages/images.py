"""Pictures in a fixed set of sizes: no stranger makes this site draw what it has not chosen."""

from __future__ import annotations

import logging
from enum import Enum
from typing import Annotated, Any, cast

import strawberry

from graphql_api.context import Info
from graphql_api.scalars import URL
from referral_blocks.blocks.picture import UNREADABLE

logger = logging.getLogger(__name__)


@strawberry.enum(description="The sizes that pictures come in. None is larger than what was uploaded.")
class ImageSize(Enum):
    SQUARE_128 = strawberry.enum_value("fill-128x128", description="Cut to a square, for faces.")
    WIDTH_480 = strawberry.enum_value("width-480", description="480 pixels wide, for phones.")
    WIDTH_800 = strawberry.enum_value("width-800", description="800 pixels wide.")
    WIDTH_1280 = strawberry.enum_value("width-1280", description="1280 pixels wide, for wide and dense screens.")


@strawberry.enum(description="The formats that pictures come in; a drawing (SVG) stays as it is.")
class ImageFormat(Enum):
    WEBP = strawberry.enum_value("webp", description="WebP.")
    JPEG = strawberry.enum_value("jpeg", description="JPEG, for mail and old browsers.")


Size = Annotated[ImageSize, strawberry.argument(description="Which size.")]
Format = Annotated[ImageFormat, strawberry.argument(description="Which format.")]


@strawberry.type(description="A picture in one size.")
class Rendition:
    url: URL = strawberry.field(description="Where the file is.")
    width: int = strawberry.field(description="Its width in pixels.")
    height: int = strawberry.field(description="Its height in pixels.")


@strawberry.type(description="A picture.")
class Image:
    image: strawberry.Private[Any]

    @strawberry.field(description="What it shows, in words; empty where it only decorates.")
    def alt(self) -> str:
        if getattr(self.image, "decorative", False):
            return ""
        return getattr(self.image, "contextual_alt_text", None) or self.image.default_alt_text or ""

    @strawberry.field(description="Its file in one size; null where it is gone or cannot be read.")
    def rendition(
        self,
        info: Info,
        size: Size = ImageSize.WIDTH_800,
        format: Format = ImageFormat.WEBP,  # noqa: A002
    ) -> Rendition | None:
        filters = "|preserve-svg" if self.image.is_svg() else f"|format-{format.value}"
        try:
            found = self.image.get_rendition(size.value + filters)
        except UNREADABLE:
            logger.warning("The file of image %s cannot be shown", self.image.pk, exc_info=True)
            return None
        url = found.url if "//" in found.url else info.context.site.root_url + found.url
        return Rendition(url=url, width=found.width, height=found.height)

    @classmethod
    def of(cls, image: Any) -> Image | None:
        """The API’s view of one of Wagtail’s pictures, or of none."""
        return cls(image=cast(Any, image)) if image else None
