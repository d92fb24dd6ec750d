"""A referrer's link."""

from __future__ import annotations

import strawberry
import strawberry_django
from django.urls import reverse

from referral_blocks.links import models
from referral_blocks.links.selectors import link_url

LOADED = ["referrer__program__site"]


@strawberry_django.type(models.ReferralLink, description="A personal link, as address, code and QR code.")
class ReferralLink:
    code: str = strawberry_django.field(description="The code that a friend may type instead of opening the link.")

    @strawberry_django.field(description="The address to share.", select_related=LOADED)
    def url(self, root: strawberry.Parent[models.ReferralLink]) -> str:
        return link_url(root)

    @strawberry_django.field(description="The link as a QR code, for screens.", select_related=LOADED)
    def qr_svg_url(self, root: strawberry.Parent[models.ReferralLink]) -> str:
        return _qr_url(root, "svg")

    @strawberry_django.field(description="The link as a QR code, for print and mail.", select_related=LOADED)
    def qr_png_url(self, root: strawberry.Parent[models.ReferralLink]) -> str:
        return _qr_url(root, "png")


def _qr_url(link: models.ReferralLink, kind: str) -> str:
    return link.referrer.program.site.root_url + reverse("referral_blocks:qr", args=[link.code, kind])
