"""Systems and staff make, change and remove endpoints. Each mutation calls the flow of the same name."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry import relay

from graphql_api.access.scopes import at_work, needs, row_of
from graphql_api.activity.types import ActivityKind
from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.scalars import URL
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.create_webhook_endpoint import create_webhook_endpoint
from referral_blocks.flows.delete_webhook_endpoint import delete_webhook_endpoint
from referral_blocks.flows.rotate_webhook_secret import rotate_webhook_secret
from referral_blocks.flows.update_webhook_endpoint import update_webhook_endpoint
from referral_blocks.webhooks.endpoints import models
from referral_blocks.webhooks.endpoints.services import overlap_of

from .types import WebhookEndpoint

NEEDS = needs(Scope.WEBHOOKS_WRITE)
ID = "The endpoint’s id."
WHICH = "The endpoint; null when refused."
SECRET = "What receivers verify signatures with, as Standard Webhooks writes it. It is shown this once."  # noqa: S105 - words
WHY = "Why it was refused; else empty."


@strawberry.input(description="A new endpoint of this site.")
class CreateWebhookEndpointInput:
    url: URL = strawberry.field(description="Its address: https, and on the public internet.")
    kinds: list[ActivityKind] = strawberry.field(
        default_factory=list,
        description=(
            "What it is told of; empty: of everything, also of what comes later. LINK_CREATED and VISITS_COUNTED are "
            "not told."
        ),
    )
    description: str = strawberry.field(default="", description="Which system it is.")


@strawberry.input(description="What is changed about an endpoint; what is left out stays.")
class UpdateWebhookEndpointInput:
    id: relay.GlobalID = strawberry.field(description=ID)
    url: URL | None = strawberry.field(default=None, description="Its new address.")
    kinds: list[ActivityKind] | None = strawberry.field(
        default=None, description="What it is told of from now on; empty: of everything."
    )
    description: str | None = strawberry.field(default=None, description="Which system it is.")
    enabled: bool | None = strawberry.field(
        default=None, description="Whether it is told. Switched on, it begins anew with what still waits."
    )


@strawberry.input(description="Which endpoint is removed.")
class DeleteWebhookEndpointInput:
    id: relay.GlobalID = strawberry.field(description=ID)


@strawberry.input(description="Which endpoint gets a new secret.")
class RotateWebhookSecretInput:
    id: relay.GlobalID = strawberry.field(description=ID)
    overlap_hours: int = strawberry.field(
        default=24, description="For how long messages carry the signature of the old one too, from 0 to 720 hours."
    )


@strawberry.type(description="The new endpoint, and this once its secret.")
class CreateWebhookEndpointPayload:
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(default=None, description=WHICH)
    secret: str | None = strawberry.field(default=None, description=SECRET)
    errors: list[UserError] = strawberry.field(default_factory=list, description=WHY)


@strawberry.type(description="The endpoint as it is now.")
class UpdateWebhookEndpointPayload:
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(default=None, description=WHICH)
    errors: list[UserError] = strawberry.field(default_factory=list, description=WHY)


@strawberry.type(description="Which endpoint is gone.")
class DeleteWebhookEndpointPayload:
    deleted_id: relay.GlobalID | None = strawberry.field(
        default=None, description="Its id, by which nothing is found any more; null when refused."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description=WHY)


@strawberry.type(description="The endpoint, and this once its new secret.")
class RotateWebhookSecretPayload:
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(default=None, description=WHICH)
    secret: str | None = strawberry.field(default=None, description=SECRET)
    errors: list[UserError] = strawberry.field(default_factory=list, description=WHY)


@strawberry.type
class WebhooksMutation:
    @strawberry.mutation(description=f"Have an address told what happens on this site. {NEEDS}")
    def create_webhook_endpoint(
        self,
        info: Info,
        given: Annotated[CreateWebhookEndpointInput, strawberry.argument(name="input", description="The endpoint.")],
    ) -> CreateWebhookEndpointPayload | None:
        with at_work(info.context, Scope.WEBHOOKS_WRITE, "add_webhookendpoint") as by:
            try:
                endpoint, secret = create_webhook_endpoint(
                    site_id=by.site_id,
                    url=given.url,
                    kinds=[kind.value for kind in given.kinds],
                    description=given.description,
                    actor=by.user,
                )
            except DomainError as error:
                return CreateWebhookEndpointPayload(errors=user_errors(error))
        return CreateWebhookEndpointPayload(webhook_endpoint=endpoint, secret=secret)  # type: ignore[arg-type]

    @strawberry.mutation(description=f"Change an endpoint, or switch it off or on. {NEEDS}")
    def update_webhook_endpoint(
        self,
        info: Info,
        given: Annotated[UpdateWebhookEndpointInput, strawberry.argument(name="input", description="The changes.")],
    ) -> UpdateWebhookEndpointPayload | None:
        with at_work(info.context, Scope.WEBHOOKS_WRITE) as by:
            try:
                endpoint = endpoint_of(by.site_id, given.id)
                update_webhook_endpoint(
                    endpoint=endpoint,
                    url=given.url,
                    kinds=None if given.kinds is None else [kind.value for kind in given.kinds],
                    description=given.description,
                    enabled=given.enabled,
                    actor=by.user,
                )
            except DomainError as error:
                return UpdateWebhookEndpointPayload(errors=user_errors(error))
        return UpdateWebhookEndpointPayload(webhook_endpoint=endpoint)  # type: ignore[arg-type]

    @strawberry.mutation(description=f"Remove an endpoint, with all that was sent to it. {NEEDS}")
    def delete_webhook_endpoint(
        self,
        info: Info,
        given: Annotated[DeleteWebhookEndpointInput, strawberry.argument(name="input", description="Which one.")],
    ) -> DeleteWebhookEndpointPayload | None:
        with at_work(info.context, Scope.WEBHOOKS_WRITE, "delete_webhookendpoint") as by:
            try:
                delete_webhook_endpoint(endpoint=endpoint_of(by.site_id, given.id), actor=by.user)
            except DomainError as error:
                return DeleteWebhookEndpointPayload(errors=user_errors(error))
        return DeleteWebhookEndpointPayload(deleted_id=given.id)

    @strawberry.mutation(description=f"Give an endpoint a new secret; for a while both sign. {NEEDS}")
    def rotate_webhook_secret(
        self,
        info: Info,
        given: Annotated[RotateWebhookSecretInput, strawberry.argument(name="input", description="Which one.")],
    ) -> RotateWebhookSecretPayload | None:
        with at_work(info.context, Scope.WEBHOOKS_WRITE) as by:
            try:
                endpoint = endpoint_of(by.site_id, given.id)
                overlap = overlap_of(given.overlap_hours)
                secret = rotate_webhook_secret(endpoint=endpoint, overlap=overlap, actor=by.user)
            except DomainError as error:
                return RotateWebhookSecretPayload(errors=user_errors(error))
        return RotateWebhookSecretPayload(webhook_endpoint=endpoint, secret=secret)  # type: ignore[arg-type]


def endpoint_of(site_id: int, given: relay.GlobalID) -> models.WebhookEndpoint:
    """One of the same site; raises NotFound."""
    return row_of(models.WebhookEndpoint.objects.filter(site=site_id), given, WebhookEndpoint)
