"""A referrer's links, and the channels through which they are passed on."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
import strawberry_django
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from strawberry import relay

from graphql_api.scalars import URL
from graphql_api.signed_in import Own
from referral_blocks.links import models
from referral_blocks.links.selectors import link_url

LOADED = ["referrer__program__site"]
_counted = models.Visit.objects.filter(link=OuterRef("pk")).order_by().values("link").annotate(n=Count("pk"))
VISITS = Coalesce(Subquery(_counted.values("n"), output_field=IntegerField()), 0)


@strawberry.enum(description="How a link is passed on.")
class ShareChannel(Enum):
    """One member for every channel that the plugin knows; a test holds the two together."""

    COPY = strawberry.enum_value("copy", description="Copied.")
    EMAIL = strawberry.enum_value("email", description="By e-mail.")
    FACEBOOK = strawberry.enum_value("facebook", description="On Facebook.")
    LINKEDIN = strawberry.enum_value("linkedin", description="On LinkedIn.")
    NATIVE = strawberry.enum_value("native", description="Through the device’s share sheet.")
    QR = strawberry.enum_value("qr", description="As a QR code for print.")
    SMS = strawberry.enum_value("sms", description="By text message.")
    WHATSAPP = strawberry.enum_value("whatsapp", description="On WhatsApp.")
    X = strawberry.enum_value("x", description="On X.")


@strawberry_django.type(models.ReferralLink, description="A personal link, as address, code and QR code.")
class ReferralLink:
    code: str = strawberry_django.field(description="The code that a friend may type instead of opening the link.")

    @strawberry_django.field(description="The address to share.", select_related=LOADED)
    def url(self, root: strawberry.Parent[models.ReferralLink]) -> URL:
        return link_url(root)

    @strawberry_django.field(description="The link as a QR code, for screens.", select_related=LOADED)
    def qr_svg_url(self, root: strawberry.Parent[models.ReferralLink]) -> URL:
        return _qr_url(root, "svg")

    @strawberry_django.field(description="The link as a QR code, for print and mail.", select_related=LOADED)
    def qr_png_url(self, root: strawberry.Parent[models.ReferralLink]) -> URL:
        return _qr_url(root, "png")


@strawberry_django.type(
    models.ReferralLink,
    only=["code"],
    description="A link as its owner sees it: more than ReferralLink, which whoever types an address may be shown.",
)
class ViewerLink(Own, ReferralLink, relay.Node):
    _id_attr = "pk"
    is_primary: bool = strawberry_django.field(description="Whether it is the one that is shown; the others work too.")
    created_at: datetime = strawberry_django.field(description="When it was made.")
    expires_at: datetime | None = strawberry_django.field(description="When it stops working; null: never.")
    is_expired: bool = strawberry_django.field(description="Whether it has stopped working.", only=["expires_at"])

    @strawberry_django.field(description="Visits through it.", annotate={"visit_count": VISITS})
    def visits(self, root: strawberry.Parent[models.ReferralLink]) -> int:
        counted = getattr(root, "visit_count", None)
        return root.visits.count() if counted is None else counted


def _qr_url(link: models.ReferralLink, kind: str) -> str:
    return link.referrer.program.site.root_url + reverse("referral_blocks:qr", args=[link.code, kind])
