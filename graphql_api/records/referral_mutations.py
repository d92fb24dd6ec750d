"""Systems credit friends and decide under review. Each mutation calls the flow of the same name."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry import relay

from graphql_api.access.scopes import at_work, needs, of_site, row_of
from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.records.referrers import ReferrerRecord
from graphql_api.scalars import EmailAddress
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.attribute_referral import attribute_referral
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.programs.selectors import program_by_slug
from referral_blocks.referrals import models
from referral_blocks.referrers.models import Referrer

from .referrals import ReferralRecord, ReferralSummary, ReviewSide, ReviewVerdict


@strawberry.input(description="What was decided about a referral under review, and why.")
class ReviewReferralInput:
    id: relay.GlobalID = strawberry.field(description="The referral’s id.")
    verdict: ReviewVerdict = strawberry.field(description="What was decided; it is not turned round later.")
    note: str = strawberry.field(description="Why; kept for ever.")
    side: ReviewSide = strawberry.field(default=ReviewSide.BOTH, description="Which side it is about.")


@strawberry.type(description="The referral after the decision; a second delivery gets the same.")
class ReviewReferralPayload:
    referral: ReferralSummary | None = strawberry.field(default=None, description="The referral; null when refused.")
    already_decided: bool = strawberry.field(default=False, description="Whether it had been decided so before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="A friend, and the referrer to whom they are credited from now on.")
class AttributeReferralInput:
    program: str = strawberry.field(description="The programme’s slug.")
    referrer: relay.GlobalID = strawberry.field(description="The referrer’s id.")
    email: EmailAddress = strawberry.field(description="The friend’s e-mail address.")
    name: str = strawberry.field(default="", description="The friend’s name.")
    phone: str = strawberry.field(default="", description="The friend’s phone number.")
    reason: str = strawberry.field(description="Why; kept for ever.")


@strawberry.type(description="The friend’s referral; one who is this referrer’s already stays as they are.")
class AttributeReferralPayload:
    referral: ReferralSummary | None = strawberry.field(default=None, description="The referral; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class ReferralsServerMutation:
    @strawberry.mutation(
        description=(
            f"Decide about a referral under review: rewards go on, or are cancelled. {needs(Scope.REVIEWS_WRITE)}"
        )
    )
    def review_referral(
        self,
        info: Info,
        given: Annotated[ReviewReferralInput, strawberry.argument(name="input", description="The decision.")],
    ) -> ReviewReferralPayload | None:
        with at_work(info.context, Scope.REVIEWS_WRITE) as by:
            try:
                referral = of_site(by, models.Referral, given.id, ReferralRecord)
                done = review_referral(
                    referral=referral,
                    approve=given.verdict is ReviewVerdict.APPROVE,
                    note=given.note,
                    side=given.side.value,
                    actor=by.user,
                )
            except DomainError as error:
                return ReviewReferralPayload(errors=user_errors(error))
        return ReviewReferralPayload(referral=referral, already_decided=not done)  # type: ignore[arg-type]

    @strawberry.mutation(
        description=(f"Credit a friend to a referrer by hand, or move the credit. {needs(Scope.REFERRALS_WRITE)}")
    )
    def attribute_referral(
        self,
        info: Info,
        given: Annotated[AttributeReferralInput, strawberry.argument(name="input", description="The friend.")],
    ) -> AttributeReferralPayload | None:
        with at_work(info.context, Scope.REFERRALS_WRITE) as by:
            try:
                program = program_by_slug(site_id=by.site_id, slug=given.program)
                referrer = row_of(
                    Referrer.objects.filter(program=program), given.referrer, ReferrerRecord, path="referrer"
                )
                referral = attribute_referral(
                    program=program,
                    referrer=referrer,
                    email=given.email,
                    name=given.name,
                    phone=given.phone,
                    reason=given.reason,
                    actor=by.user,
                )
            except DomainError as error:
                return AttributeReferralPayload(errors=user_errors(error))
        return AttributeReferralPayload(referral=referral)  # type: ignore[arg-type]
