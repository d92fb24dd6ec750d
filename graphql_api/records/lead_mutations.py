"""What the shop's own books of contacts say of a friend who has not bought yet: somebody was in touch, they do not
qualify, they want to be left out. Each mutation calls the flow of the same name."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry import relay

from graphql_api.access.scopes import at_work, needs, of_site
from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.nurture_referral import nurture_referral
from referral_blocks.flows.unqualify_referral import unqualify_referral
from referral_blocks.flows.withdraw_referral import withdraw_referral
from referral_blocks.referrals.models import Referral

from .referrals import ReferralRecord, ReferralSummary

NEEDS = needs(Scope.REFERRALS_WRITE)
ENDS = (
    "Rewards that are not on their way are cancelled, a place in an open group is free again, and that is for good. "
    "Refused for who is or was a customer, or has left the programme another way."
)


@strawberry.input(description="With which friend somebody was in touch.")
class NurtureReferralInput:
    id: relay.GlobalID = strawberry.field(description="The referral’s id.")
    note: str = strawberry.field(default="", description="How, and what came of it; may be empty. Kept for ever.")


@strawberry.type(description="The referral after the contact; a second delivery gets the same.")
class NurtureReferralPayload:
    referral: ReferralSummary | None = strawberry.field(default=None, description="The referral; null when refused.")
    already_nurtured: bool = strawberry.field(
        default=False, description="Whether somebody had been in touch before; then nothing has changed."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Which friend does not qualify, and why.")
class UnqualifyReferralInput:
    id: relay.GlobalID = strawberry.field(description="The referral’s id.")
    reason: str = strawberry.field(description="Why; kept for ever.")


@strawberry.type(description="The referral of a friend who does not qualify; a second delivery gets the same.")
class UnqualifyReferralPayload:
    referral: ReferralSummary | None = strawberry.field(default=None, description="The referral; null when refused.")
    already_unqualified: bool = strawberry.field(default=False, description="Whether that had been said before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Which friend wants to be left out, and how that is known.")
class WithdrawReferralInput:
    id: relay.GlobalID = strawberry.field(description="The referral’s id.")
    reason: str = strawberry.field(description="How that is known, and why if they said so; kept for ever.")


@strawberry.type(description="The referral of a friend who is left out; a second delivery gets the same.")
class WithdrawReferralPayload:
    referral: ReferralSummary | None = strawberry.field(default=None, description="The referral; null when refused.")
    already_withdrawn: bool = strawberry.field(default=False, description="Whether that had been said before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class LeadsMutation:
    @strawberry.mutation(
        description=(
            "Say that somebody was in touch with a friend who has not bought yet: the referrer sees them as being "
            f"looked after, and nothing else changes. {NEEDS}"
        )
    )
    def nurture_referral(
        self,
        info: Info,
        given: Annotated[NurtureReferralInput, strawberry.argument(name="input", description="The friend.")],
    ) -> NurtureReferralPayload | None:
        with at_work(info.context, Scope.REFERRALS_WRITE) as by:
            try:
                referral = of_site(by, Referral, given.id, ReferralRecord)
                done = nurture_referral(referral=referral, note=given.note, actor=by.user)
            except DomainError as error:
                return NurtureReferralPayload(errors=user_errors(error))
        return NurtureReferralPayload(referral=referral, already_nurtured=not done)  # type: ignore[arg-type]

    @strawberry.mutation(description=f"Say that a friend does not qualify. {ENDS} {NEEDS}")
    def unqualify_referral(
        self,
        info: Info,
        given: Annotated[UnqualifyReferralInput, strawberry.argument(name="input", description="The friend, and why.")],
    ) -> UnqualifyReferralPayload | None:
        with at_work(info.context, Scope.REFERRALS_WRITE) as by:
            try:
                referral = of_site(by, Referral, given.id, ReferralRecord)
                done = unqualify_referral(referral=referral, reason=given.reason, actor=by.user)
            except DomainError as error:
                return UnqualifyReferralPayload(errors=user_errors(error))
        return UnqualifyReferralPayload(referral=referral, already_unqualified=not done)  # type: ignore[arg-type]

    @strawberry.mutation(description=f"Leave a friend out who wants that. {ENDS} {NEEDS}")
    def withdraw_referral(
        self,
        info: Info,
        given: Annotated[WithdrawReferralInput, strawberry.argument(name="input", description="The friend, and why.")],
    ) -> WithdrawReferralPayload | None:
        with at_work(info.context, Scope.REFERRALS_WRITE) as by:
            try:
                referral = of_site(by, Referral, given.id, ReferralRecord)
                done = withdraw_referral(referral=referral, reason=given.reason, actor=by.user)
            except DomainError as error:
                return WithdrawReferralPayload(errors=user_errors(error))
        return WithdrawReferralPayload(referral=referral, already_withdrawn=not done)  # type: ignore[arg-type]
