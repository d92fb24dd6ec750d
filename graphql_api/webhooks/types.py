"""Endpoints and deliveries, never a secret."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
import strawberry_django
from strawberry import relay

from graphql_api.access.filters import MomentRange, one_of, within
from graphql_api.access.scopes import NeedsScope, Record, row_of
from graphql_api.access.steps import Step
from graphql_api.activity.types import ActivityKind
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.permissions import require_scope
from graphql_api.scalars import URL
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import NotFound
from referral_blocks.webhooks.endpoints import models
from referral_blocks.webhooks.endpoints.services import secret_signs_until


@strawberry.enum(description="Whether an endpoint is told what happens, and if not, why.")
class WebhookEndpointStatus(Enum):
    ON = strawberry.enum_value("on", description="It is told.")
    OFF = strawberry.enum_value("off", description="Somebody switched it off.")
    GONE = strawberry.enum_value("gone", description="It answered 410, and was switched off.")
    FAILING = strawberry.enum_value("failing", description="It failed for days, and was switched off.")


@strawberry.enum(description="How far a message has come.")
class WebhookDeliveryState(Enum):
    WAITING = strawberry.enum_value("waiting", description="It is on its way, or will be tried again.")
    DELIVERED = strawberry.enum_value("delivered", description="It was answered with a status from 200 to 299.")
    FAILED = strawberry.enum_value("failed", description="It was given up; it can be sent again.")


@strawberry.enum(description="Why the last try was no success.")
class WebhookProblem(Enum):
    STATUS = strawberry.enum_value("status", description="It was answered with an error.")
    REDIRECT = strawberry.enum_value("redirect", description="It was answered with a redirect; none is followed.")
    NOT_FOUND = strawberry.enum_value("not_found", description="The host name was not found.")
    REFUSED_ADDRESS = strawberry.enum_value(
        "refused_address", description="The address is not on the public internet, and was not called."
    )
    NO_CONNECTION = strawberry.enum_value("no_connection", description="Nobody answered the call.")
    TLS = strawberry.enum_value("tls", description="The certificate does not hold for this host name.")
    TIMEOUT = strawberry.enum_value("timeout", description="It took too long.")
    PROTOCOL = strawberry.enum_value("protocol", description="The answer was no HTTP.")
    SECRET = strawberry.enum_value("secret", description="The secret cannot be read any more: make a new one.")


@strawberry_django.type(models.WebhookEndpointChange, description="One step of an endpoint’s life.")
class WebhookEndpointStep(Step):
    pass


@strawberry_django.type(
    models.WebhookEndpoint, only=["public_id"], description="An address that is told what happens on this site."
)
class WebhookEndpoint(Record, relay.Node):
    scope = Scope.WEBHOOKS_READ
    site_path = "site"

    public_id: relay.NodeID[UUID]
    url: URL = strawberry_django.field(description="Where messages are sent.")
    description: str = strawberry_django.field(description="Which system it is; may be empty.")
    status: WebhookEndpointStatus = strawberry_django.field(description="Whether it is told, and if not, why.")
    created_at: datetime = strawberry_django.field(description="When it was made.")
    agent: str = strawberry_django.field(description="Which API key made it; empty for people.")
    failing_since: datetime | None = strawberry_django.field(
        description="Since when each try has failed; null while all is well."
    )
    resting_until: datetime | None = strawberry_django.field(
        description="Until when it is not called, because nobody was there; may be over."
    )
    steps: list[WebhookEndpointStep] = strawberry_django.field(
        field_name="changes", description="What happened to it, in order."
    )

    @strawberry_django.field(
        description="What it is told of; empty: of everything, also of what comes later.", only=["kinds"]
    )
    def kinds(self, root: strawberry.Parent[models.WebhookEndpoint]) -> list[ActivityKind]:
        known = {member.value: member for member in ActivityKind}
        return [known[kind] for kind in root.kinds if kind in known]

    @strawberry_django.field(
        description="Until when the secret before the last rotation signs as well; null: it no longer does.",
        only=["old_secret_until"],
    )
    def old_secret_until(self, root: strawberry.Parent[models.WebhookEndpoint]) -> datetime | None:
        return secret_signs_until(root)


@strawberry_django.type(
    models.WebhookDelivery, only=["public_id"], description="One message to one endpoint, and what came of it."
)
class WebhookDelivery(Record, relay.Node):
    scope = Scope.WEBHOOKS_READ
    site_path = "endpoint__site"

    public_id: relay.NodeID[UUID]
    endpoint: WebhookEndpoint = strawberry_django.field(description="Where it is sent.")
    message_id: strawberry.ID = strawberry_django.field(
        description="The header webhook-id, the same at each try: the id of the event, as activities say it."
    )
    is_test: bool = strawberry_django.field(description="Whether it is a test, which tells of nothing.")
    state: WebhookDeliveryState = strawberry_django.field(description="How far it has come.")
    tries: int = strawberry_django.field(description="How often it was tried, since it was made or last sent again.")
    created_at: datetime = strawberry_django.field(description="When it happened that it tells of.")
    tried_at: datetime | None = strawberry_django.field(description="When it was last tried.")
    next_try_at: datetime | None = strawberry_django.field(
        description="When it is tried again at the earliest; null once it is delivered or given up."
    )
    delivered_at: datetime | None = strawberry_django.field(description="When it was delivered.")
    status_code: int | None = strawberry_django.field(
        description="The HTTP status that the last try was answered with; null: no answer."
    )
    answer: str = strawberry_django.field(description="The first words of that answer; may be empty.")
    milliseconds: int | None = strawberry_django.field(description="How long the last try took.")

    @strawberry_django.field(description="What it tells of; null for a test.", only=["kind"])
    def kind(self, root: strawberry.Parent[models.WebhookDelivery]) -> ActivityKind | None:
        return next((member for member in ActivityKind if member.value == root.kind), None)

    @strawberry_django.field(description="Why the last try was no success; null when it was.", only=["problem"])
    def problem(self, root: strawberry.Parent[models.WebhookDelivery]) -> WebhookProblem | None:
        return WebhookProblem(root.problem) if root.problem else None


@strawberry.input(description="Which deliveries are asked for; what is left out holds for all.")
class WebhookDeliveryFilter:
    endpoint: relay.GlobalID | None = strawberry.field(default=None, description="Those to this endpoint.")
    states: list[WebhookDeliveryState] | None = strawberry.field(
        default=None, description="Those in one of these states."
    )
    kinds: list[ActivityKind] | None = strawberry.field(default=None, description="Those that tell of one of these.")
    created: MomentRange | None = strawberry.field(default=None, description="Those of what happened then.")


@strawberry.type
class WebhooksServer:
    @strawberry_django.connection(
        Pages[WebhookEndpoint] | None,  # type: ignore[arg-type]
        description=f"The webhook endpoints of this site, the oldest first, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.WEBHOOKS_READ)],
    )
    def webhook_endpoints(self, info: Info) -> Iterable[WebhookEndpoint]:
        worker = require_scope(info.context, Scope.WEBHOOKS_READ)
        return models.WebhookEndpoint.objects.filter(site=worker.site_id).order_by("pk")  # type: ignore[return-value]

    @strawberry_django.connection(
        Pages[WebhookDelivery] | None,  # type: ignore[arg-type]
        description=f"What was sent to them or is on its way, the last one first, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.WEBHOOKS_READ)],
    )
    def webhook_deliveries(
        self,
        info: Info,
        only: Annotated[
            WebhookDeliveryFilter | None, strawberry.argument(name="filter", description="Which ones.")
        ] = None,
    ) -> Iterable[WebhookDelivery]:
        worker = require_scope(info.context, Scope.WEBHOOKS_READ)
        wanted = only or WebhookDeliveryFilter()
        rows = models.WebhookDelivery.objects.filter(
            one_of("state", wanted.states),
            one_of("kind", wanted.kinds),
            within("created_at", wanted.created),
            endpoint__site=worker.site_id,
        ).order_by("-pk")
        if wanted.endpoint is None:
            return rows  # type: ignore[return-value]
        try:
            endpoints = models.WebhookEndpoint.objects.filter(site=worker.site_id)
            return rows.filter(endpoint=row_of(endpoints, wanted.endpoint, WebhookEndpoint))  # type: ignore[return-value]
        except NotFound:
            return rows.none()  # type: ignore[return-value]
