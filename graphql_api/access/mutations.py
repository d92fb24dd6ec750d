"""API keys are made, replaced and revoked by a key or by staff who may do so. Each mutation calls the service of its
name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import strawberry
from django.utils.translation import gettext_lazy as _
from strawberry import relay

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.permissions import Worker
from referral_blocks.access import models
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key, revoke_api_key, rotate_api_key
from referral_blocks.admin.api_keys import may_give
from referral_blocks.core.errors import DomainError, NotAllowed

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
                scopes = [scope.value for scope in given.scopes]
                _require_giveable(by, scopes)
                key, text = create_api_key(
                    site_id=by.site_id,
                    name=given.name,
                    scopes=scopes,
                    expires_at=given.expires_at,
                    created_by=by.user,
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
                _require_giveable(by, old.scopes)
                key, text = rotate_api_key(key=old, grace=timedelta(hours=hours), created_by=by.user, by=by.key)
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
                revoke_api_key(key=key, by=by.key)
            except DomainError as error:
                return RevokeApiKeyPayload(errors=user_errors(error))
        key.refresh_from_db()
        return RevokeApiKeyPayload(api_key=key)  # type: ignore[arg-type]


def _require_giveable(by: Worker, scopes: list[str]) -> None:
    """Staff hand on only what they may do themselves; for keys the service says the same."""
    if by.user is not None and not all(may_give(by.user, scope) for scope in scopes):
        raise NotAllowed(
            _("A key would be allowed here what you are not. Ask somebody with its rights."), path=("scopes",)
        )


def _key(by: Worker, given: relay.GlobalID) -> models.ApiKey:
    """A key of the site; raises NotFound."""
    return row_of(models.ApiKey.objects.filter(site=by.site_id), given, ApiKey)
