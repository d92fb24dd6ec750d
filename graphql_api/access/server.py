"""API keys, never the key itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
import strawberry_django
from strawberry import relay

from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.permissions import require_scope
from referral_blocks.access import models
from referral_blocks.access.models import Scope

from .scopes import NeedsScope, Record


@strawberry.enum(description="What an API key may do.")
class ApiKeyScope(Enum):
    SALES_READ = strawberry.enum_value("sales:read", description="Read sales, reversals and imports.")
    SALES_WRITE = strawberry.enum_value("sales:write", description="Record sales and reversals, and import files.")
    REFERRALS_READ = strawberry.enum_value("referrals:read", description="Read referrers and friends, with addresses.")
    REFERRALS_WRITE = strawberry.enum_value("referrals:write", description="Credit friends to referrers.")
    REVIEWS_WRITE = strawberry.enum_value("reviews:write", description="Read findings, and decide under review.")
    REWARDS_READ = strawberry.enum_value("rewards:read", description="Read rewards.")
    REWARDS_WRITE = strawberry.enum_value("rewards:write", description="Approve and cancel rewards.")
    PAYOUTS_READ = strawberry.enum_value("payouts:read", description="Read payouts and runs.")
    PAYOUTS_WRITE = strawberry.enum_value("payouts:write", description="Plan, confirm and cancel payout runs.")
    HANDOVERS_WRITE = strawberry.enum_value("handovers:write", description="Mark rewards as handed over.")
    STATISTICS_READ = strawberry.enum_value("statistics:read", description="Read statistics.")
    WEBHOOKS_READ = strawberry.enum_value("webhooks:read", description="Read webhook endpoints and deliveries.")
    WEBHOOKS_WRITE = strawberry.enum_value("webhooks:write", description="Make, change, test and remove endpoints.")
    ACTIVITY_READ = strawberry.enum_value("activity:read", description="Follow what happens, by ids.")
    KEYS_WRITE = strawberry.enum_value("keys:write", description="Read, make, replace and revoke API keys.")


@strawberry_django.type(models.ApiKey, only=["pk"], description="An API key, as far as anybody may see it again.")
class ApiKey(Record, relay.Node):
    scope = Scope.KEYS_WRITE
    site_path = "site"
    _id_attr = "pk"

    name: str = strawberry_django.field(description="Which system uses it.")
    prefix: str = strawberry_django.field(description="What it begins with.")
    created_at: datetime = strawberry_django.field(description="When it was made.")
    expires_at: datetime | None = strawberry_django.field(description="Until when it works; null: until it is revoked.")
    last_used_at: datetime | None = strawberry_django.field(description="When it was last used, to the minute.")
    revoked_at: datetime | None = strawberry_django.field(description="When it was revoked.")
    is_live: bool = strawberry_django.field(description="Whether it works now.", only=["expires_at", "revoked_at"])
    agent: str = strawberry_django.field(description="Which API key made it; empty for people.")

    @strawberry_django.field(
        description="Whether another key has taken its place; until it expires, both work.", only=["rotated_to"]
    )
    def is_replaced(self, root: strawberry.Parent[models.ApiKey]) -> bool:
        return root.rotated_to_id is not None

    @strawberry_django.field(description="What it may do.", only=["scopes"])
    def scopes(self, root: strawberry.Parent[models.ApiKey]) -> list[ApiKeyScope]:
        known = {member.value: member for member in ApiKeyScope}
        return [known[scope] for scope in root.scopes if scope in known]


@strawberry.type
class AccessServer:
    @strawberry_django.connection(
        Pages[ApiKey] | None,  # type: ignore[arg-type]
        description=f"The API keys of this site, the last one first, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.KEYS_WRITE)],
    )
    def api_keys(
        self,
        info: Info,
        live: Annotated[
            bool | None, strawberry.argument(description="Those that work now, or do not; null: all.")
        ] = None,
    ) -> Iterable[ApiKey]:
        worker = require_scope(info.context, Scope.KEYS_WRITE)
        rows = models.ApiKey.objects.filter(site=worker.site_id).order_by("-created_at", "-pk")
        if live is not None:
            rows = rows.filter(models.live()) if live else rows.exclude(models.live())
        return rows  # type: ignore[return-value]
