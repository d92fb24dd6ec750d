"""Referrers, as the site's own systems read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
import strawberry_django
from strawberry import relay

from graphql_api.access.filters import MomentRange, address_key, is_, within
from graphql_api.access.scopes import NeedsScope, Record
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.links.types import ReferralLink
from graphql_api.money.types import Money
from graphql_api.permissions import require_scope
from graphql_api.programs.types import Program
from graphql_api.records.people import PersonRecord
from graphql_api.scalars import EmailAddress
from referral_blocks.access.models import Scope
from referral_blocks.core.codes import normalise_code
from referral_blocks.core.money import Money as Amount
from referral_blocks.links import models as link_models
from referral_blocks.referrers import models

if TYPE_CHECKING:
    from graphql_api.records.referrals import ReferralRecord

STANDING = ["standing_row", "program"]


@strawberry_django.type(link_models.ReferralLink, only=["pk"], description="A referrer’s link, with its history.")
class LinkRecord(Record, ReferralLink, relay.Node):
    scope = Scope.REFERRALS_READ
    site_path = "referrer__program__site"
    order = ("-pk",)
    _id_attr = "pk"

    is_primary: bool = strawberry_django.field(description="Whether it is the one that is shown; the others work too.")
    created_at: datetime = strawberry_django.field(description="When it was made.")
    expires_at: datetime | None = strawberry_django.field(description="When it stops working; null: never.")


@strawberry_django.type(
    models.Referrer, only=["public_id"], description="A referrer, as the site’s own systems know them."
)
class ReferrerRecord(Record, relay.Node):
    scope = Scope.REFERRALS_READ

    public_id: relay.NodeID[UUID]
    program: Program = strawberry_django.field(description="The programme that they share.")
    person: PersonRecord = strawberry_django.field(description="Who they are.")
    joined_at: datetime = strawberry_django.field(description="When they joined.")
    links: Pages[LinkRecord] = strawberry_django.connection(
        description=f"Their links, newest first, at most {MAX_PAGE} at once; old ones go on working."
    )
    referrals: Pages[Annotated[ReferralRecord, strawberry.lazy("graphql_api.records.referrals")]] = (
        strawberry_django.connection(description=f"Their friends, newest first, at most {MAX_PAGE} at once.")
    )

    @strawberry_django.field(description="Friends who left their details.", select_related=["standing_row"])
    def friends(self, root: strawberry.Parent[models.Referrer]) -> int:
        return _standing(root).friends

    @strawberry_django.field(description="Friends who are customers now and count.", select_related=["standing_row"])
    def qualified(self, root: strawberry.Parent[models.Referrer]) -> int:
        return _standing(root).qualified

    @strawberry_django.field(
        description="Rewards on their way, in the programme’s currency.",
        only=["program__currency"],
        select_related=STANDING,
        extensions=[NeedsScope(Scope.REWARDS_READ)],
    )
    def pending(self, root: strawberry.Parent[models.Referrer]) -> Money:
        return Money.of(Amount(_standing(root).pending_minor, root.program.currency))

    @strawberry_django.field(
        description="Rewards received, in the programme’s currency.",
        only=["program__currency"],
        select_related=STANDING,
        extensions=[NeedsScope(Scope.REWARDS_READ)],
    )
    def earned(self, root: strawberry.Parent[models.Referrer]) -> Money:
        return Money.of(Amount(_standing(root).earned_minor, root.program.currency))


def _standing(referrer: models.Referrer) -> models.ReferrerStanding:
    """The stored counts; nothing was counted yet where there is no row."""
    found: models.ReferrerStanding | None = getattr(referrer, "standing_row", None)
    return found or models.ReferrerStanding()


@strawberry.enum(description="In which order referrers come.")
class ReferrerOrder(Enum):
    NEWEST_FIRST = strawberry.enum_value("-joined_at", description="Who joined last.")
    OLDEST_FIRST = strawberry.enum_value("joined_at", description="Who joined first.")
    MOST_CUSTOMERS_FIRST = strawberry.enum_value("-standing_row__qualified", description="Who brought most customers.")


@strawberry.input(description="Which referrers are asked for; what is left out holds for all.")
class ReferrerFilter:
    program: str | None = strawberry.field(default=None, description="Those of the programme with this slug.")
    email: EmailAddress | None = strawberry.field(
        default=None, description="The one with this address, whatever its case."
    )
    code: str | None = strawberry.field(default=None, description="The one whose link has this code.")
    joined: MomentRange | None = strawberry.field(default=None, description="Those who joined then.")


@strawberry.type
class ReferrersServer:
    @strawberry_django.connection(
        Pages[ReferrerRecord] | None,  # type: ignore[arg-type]
        description=f"Referrers of this site, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.REFERRALS_READ)],
    )
    def referrers(
        self,
        info: Info,
        only: Annotated[ReferrerFilter | None, strawberry.argument(name="filter", description="Which ones.")] = None,
        order_by: Annotated[
            ReferrerOrder, strawberry.argument(description="Which come first.")
        ] = ReferrerOrder.NEWEST_FIRST,
    ) -> Iterable[ReferrerRecord]:
        wanted = only or ReferrerFilter()
        rows = models.Referrer.objects.filter(
            is_("program__slug", wanted.program),
            is_("person__email_key", address_key("email", wanted.email)),
            within("joined_at", wanted.joined),
            program__site=require_scope(info.context, Scope.REFERRALS_READ).site_id,
        )
        if wanted.code is not None:
            code = normalise_code(wanted.code)
            rows = rows.filter(links__code=code) if code else rows.none()
        return rows.order_by(order_by.value, "-pk")  # type: ignore[return-value]
