"""Joining a group. A mutation is short and calls the flow of the same name."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.scalars import EmailAddress
from referral_blocks.core.errors import DomainError, NotFound
from referral_blocks.flows.join_group import join_group_by_email

from .types import Group, group_by_id


@strawberry.input(description="A friend who wants a place in a group.")
class JoinGroupInput:
    group: strawberry.ID = strawberry.field(
        description="The group’s global id, or what its link adds to the landing page’s address."
    )
    email: EmailAddress = strawberry.field(description="The friend’s e-mail address.")
    name: str = strawberry.field(default="", description="The friend’s name.")
    phone: str = strawberry.field(default="", description="The friend’s phone number.")
    accept_terms: bool = strawberry.field(default=False, description="Whether the friend has accepted the terms.")


@strawberry.type(
    description=(
        "The same whether the friend got a place or cannot have one: anything else would tell what is known of them."
    )
)
class JoinGroupPayload:
    group: Group | None = strawberry.field(
        default=None, description="The group as it was when the friend asked; null when refused."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class GroupsMutation:
    @strawberry.mutation(description="A friend leaves their details and asks for a place in a group.")
    def join_group(
        self, info: Info, given: Annotated[JoinGroupInput, strawberry.argument(name="input", description="The friend.")]
    ) -> JoinGroupPayload | None:
        try:
            with info.context.answered_evenly("join_group"):
                group = group_by_id(info, str(given.group))
                if group is None:
                    raise NotFound(_("There is no such group on this site."), path=("group",))
                join_group_by_email(
                    group=group,
                    email=given.email,
                    name=given.name,
                    phone=given.phone,
                    accept_terms=given.accept_terms,
                    locale=get_language() or "",
                )
        except DomainError as error:
            return JoinGroupPayload(errors=user_errors(error))
        return JoinGroupPayload(group=Group.of(group))
