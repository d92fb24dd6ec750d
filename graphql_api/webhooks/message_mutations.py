"""Systems and staff have messages sent to an endpoint: a test, or what was sent before. Each mutation calls the flow of
the same name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import relay

from graphql_api.access.scopes import at_work, row_of
from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.replay_failed_webhooks import replay_failed_webhooks
from referral_blocks.flows.replay_webhook_delivery import replay_webhook_delivery
from referral_blocks.flows.send_test_webhook import send_test_webhook
from referral_blocks.webhooks.endpoints import models

from .mutations import ID, NEEDS, WHICH, WHY, endpoint_of
from .types import WebhookDelivery, WebhookEndpoint


@strawberry.input(description="Which endpoint is sent a test.")
class SendTestWebhookInput:
    id: relay.GlobalID = strawberry.field(description=ID)


@strawberry.input(description="Which message is sent again.")
class ReplayWebhookDeliveryInput:
    id: relay.GlobalID = strawberry.field(description="The delivery’s id.")


@strawberry.input(description="Which messages are sent again.")
class ReplayFailedWebhooksInput:
    id: relay.GlobalID = strawberry.field(description=ID)
    since: datetime | None = strawberry.field(
        default=None, description="Only those of what happened from then on; by default all that are kept."
    )


@strawberry.type(description="The test, which is on its way: ask for it by its id.")
class SendTestWebhookPayload:
    webhook_delivery: WebhookDelivery | None = strawberry.field(
        default=None, description="The message; null when refused."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description=WHY)


@strawberry.type(description="The message, which is on its way again.")
class ReplayWebhookDeliveryPayload:
    webhook_delivery: WebhookDelivery | None = strawberry.field(
        default=None, description="The message; null when refused."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description=WHY)


@strawberry.type(description="How many messages are on their way again.")
class ReplayFailedWebhooksPayload:
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(default=None, description=WHICH)
    count: int = strawberry.field(default=0, description="How many.")
    errors: list[UserError] = strawberry.field(default_factory=list, description=WHY)


@strawberry.type
class WebhookMessagesMutation:
    @strawberry.mutation(description=f"Send an endpoint a message about nothing, once, also while it is off. {NEEDS}")
    def send_test_webhook(
        self,
        info: Info,
        given: Annotated[SendTestWebhookInput, strawberry.argument(name="input", description="Which one.")],
    ) -> SendTestWebhookPayload | None:
        with at_work(info.context, Scope.WEBHOOKS_WRITE) as by:
            try:
                delivery = send_test_webhook(endpoint=endpoint_of(by.site_id, given.id))
            except DomainError as error:
                return SendTestWebhookPayload(errors=user_errors(error))
        return SendTestWebhookPayload(webhook_delivery=delivery)  # type: ignore[arg-type]

    @strawberry.mutation(description=f"Send a message again, whatever became of it. {NEEDS}")
    def replay_webhook_delivery(
        self,
        info: Info,
        given: Annotated[ReplayWebhookDeliveryInput, strawberry.argument(name="input", description="Which one.")],
    ) -> ReplayWebhookDeliveryPayload | None:
        with at_work(info.context, Scope.WEBHOOKS_WRITE) as by:
            try:
                rows = models.WebhookDelivery.objects.filter(endpoint__site=by.site_id).select_related("endpoint")
                delivery = row_of(rows, given.id, WebhookDelivery)
                replay_webhook_delivery(delivery=delivery)
            except DomainError as error:
                return ReplayWebhookDeliveryPayload(errors=user_errors(error))
        return ReplayWebhookDeliveryPayload(webhook_delivery=delivery)  # type: ignore[arg-type]

    @strawberry.mutation(description=f"Send again what was given up at an endpoint. {NEEDS}")
    def replay_failed_webhooks(
        self,
        info: Info,
        given: Annotated[ReplayFailedWebhooksInput, strawberry.argument(name="input", description="Which ones.")],
    ) -> ReplayFailedWebhooksPayload | None:
        with at_work(info.context, Scope.WEBHOOKS_WRITE) as by:
            try:
                endpoint = endpoint_of(by.site_id, given.id)
                count = replay_failed_webhooks(endpoint=endpoint, since=given.since)
            except DomainError as error:
                return ReplayFailedWebhooksPayload(errors=user_errors(error))
        return ReplayFailedWebhooksPayload(webhook_endpoint=endpoint, count=count)  # type: ignore[arg-type]
