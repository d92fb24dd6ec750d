"""API keys are made, replaced and revoked by a key or by staff who may do so. Each mutation calls the flow of the
same name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import strawberry
from strawberry import relay

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.permissions import Worker
from referral_blocks.access import models
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.create_api_key import create_api_key
from referral_blocks.flows.revoke_api_key import revoke_api_key
from referral_blocks.flows.rotate_api_key import rotate_api_key

from .scopes import at_work, needs, row_of
from .server import ApiKey, ApiKeyScope

MAKES = "add_apikey"  # the right that staff need
MAX_HOURS = 10_000  # far above what the service takes, and small enough to be a stretch of time
NEEDS = needs(Scope.KEYS_WRITE)


@strawberry.input(description="A new key for this site.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="Which system will use it.")
    scopes: list[ApiKeyScope] = strawberry.field(
        description="What it may do; nothing that the key that asks may not do itself."
    )
    expires_at: datetime | None = strawberry.field(
        default=None,
        description="Until when it works; by default as long as the key that asks; for staff, for ever.",
    )


@strawberry.input(description="Which key a new one takes the place of.")
class RotateApiKeyInput:
    id: relay.GlobalID = strawberry.field(description="The key’s id.")
    grace_hours: int = strawberry.field(
        default=24, description="For how long the old one still works, from 0 to 720 hours."
    )


@strawberry.input(description="Which key is refused from now on.")
class RevokeApiKeyInput:
    id: relay.GlobalID = strawberry.field(description="The key’s id.")


@strawberry.type(description="The new key, and this once its text.")
class CreateApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(default=None, description="The key; null when refused.")
    text: str | None = strawberry.field(
        default=None, description="What to send as “Authorization: Bearer …”. It is shown this once and kept nowhere."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type(description="The new key, and this once its text; the old one works until its expiresAt.")
class RotateApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(default=None, description="The new key; null when refused.")
    old_api_key: ApiKey | None = strawberry.field(default=None, description="The one whose place it took.")
    text: str | None = strawberry.field(
        default=None, description="What to send as “Authorization: Bearer …”. It is shown this once and kept nowhere."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type(description="The key that is refused from now on.")
class RevokeApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(default=None, description="The key; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class AccessMutation:
    @strawberry.mutation(description=f"Make an API key of this site. {NEEDS}")
    def create_api_key(
        self,
        info: Info,
        given: Annotated[CreateApiKeyInput, strawberry.argument(name="input", description="The key.")],
    ) -> CreateApiKeyPayload | None:
        with at_work(info.context, Scope.KEYS_WRITE, MAKES) as by:
            try:
                key, text = create_api_key(
                    site_id=by.site_id,
                    name=given.name,
                    scopes=[scope.value for scope in given.scopes],
                    expires_at=given.expires_at,
                    actor=by.user,
                    by=by.key,
                )
            except DomainError as error:
                return CreateApiKeyPayload(errors=user_errors(error))
        return CreateApiKeyPayload(api_key=key, text=text)  # type: ignore[arg-type]

    @strawberry.mutation(description=f"Make a key that takes the place of another; both work for a while. {NEEDS}")
    def rotate_api_key(
        self,
        info: Info,
        given: Annotated[RotateApiKeyInput, strawberry.argument(name="input", description="Which key.")],
    ) -> RotateApiKeyPayload | None:
        with at_work(info.context, Scope.KEYS_WRITE, MAKES) as by:
            try:
                old = _key(by, given.id)
                hours = max(-1, min(given.grace_hours, MAX_HOURS))
                key, text = rotate_api_key(key=old, grace=timedelta(hours=hours), actor=by.user, by=by.key)
            except DomainError as error:
                return RotateApiKeyPayload(errors=user_errors(error))
        return RotateApiKeyPayload(api_key=key, old_api_key=old, text=text)  # type: ignore[arg-type]

    @strawberry.mutation(description=f"Refuse a key from now on; a second time changes nothing. {NEEDS}")
    def revoke_api_key(
        self,
        info: Info,
        given: Annotated[RevokeApiKeyInput, strawberry.argument(name="input", description="Which key.")],
    ) -> RevokeApiKeyPayload | None:
        with at_work(info.context, Scope.KEYS_WRITE, "change_apikey") as by:
            try:
                key = _key(by, given.id)
                revoke_api_key(key=key, actor=by.user, by=by.key)
            except DomainError as error:
                return RevokeApiKeyPayload(errors=user_errors(error))
        return RevokeApiKeyPayload(api_key=key)  # type: ignore[arg-type]


def _key(by: Worker, given: relay.GlobalID) -> models.ApiKey:
    """A key of the site; raises NotFound."""
    return row_of(models.ApiKey.objects.filter(site=by.site_id), given, ApiKey)
