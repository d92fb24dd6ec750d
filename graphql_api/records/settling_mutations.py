"""Payouts that wait for somebody: handed over, looked up at the provider, or let go on. Each mutation calls the flow of
the same name."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry
from django.utils.translation import gettext as _
from strawberry import relay

from graphql_api.access.scopes import at_work, needs, needs_person, of_site
from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.permissions import require_person
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import DomainError, NotPossibleNow
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.resolve_payout import resolve_payout
from referral_blocks.flows.resume_payout import resume_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover

from .payouts import PayoutRecord

RESOLVES = "resolve_payout"  # the right that staff need


@strawberry.enum(description="What became of a payout, as somebody has found out.")
class PayoutResolution(Enum):
    PAID = strawberry.enum_value("paid", description="It was paid: the provider’s own books show it.")
    NOT_PAID = strawberry.enum_value(
        "not_paid", description="It was not paid, and never will be: its rewards wait to be sent again."
    )


@strawberry.input(description="Which payout was handed over.")
class MarkHandedOverInput:
    id: relay.GlobalID = strawberry.field(description="The payout’s id.")
    note: str = strawberry.field(default="", description="What is to be remembered of it; may be empty.")
    proof: str = strawberry.field(
        default="", description="What shows it: a receipt’s or tracking number, or a link; may be empty."
    )


@strawberry.type(description="The payout after it was handed over; a second delivery gets the same.")
class MarkHandedOverPayload:
    payout: PayoutRecord | None = strawberry.field(default=None, description="The payout; null when refused.")
    already_handed_over: bool = strawberry.field(
        default=False, description="Whether that had been said before; then note and proof are as they were."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="What became of a payout whose outcome nobody knew.")
class ResolvePayoutInput:
    id: relay.GlobalID = strawberry.field(description="The payout’s id.")
    outcome: PayoutResolution = strawberry.field(description="What became of it.")
    note: str = strawberry.field(
        description="The evidence: where you have looked, whom you have asked, what they said. Kept for ever."
    )
    provider_ref: str = strawberry.field(
        default="", description="The number under which the provider has it, if it was paid; may be empty."
    )


@strawberry.type(description="The payout after it was settled; a second delivery gets the same.")
class ResolvePayoutPayload:
    payout: PayoutRecord | None = strawberry.field(default=None, description="The payout; null when refused.")
    already_resolved: bool = strawberry.field(default=False, description="Whether it had been settled so before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Which payout goes on, and why.")
class ResumePayoutInput:
    id: relay.GlobalID = strawberry.field(description="The payout’s id.")
    note: str = strawberry.field(description="Why it may; kept for ever.")


@strawberry.type(description="The payout that goes on.")
class ResumePayoutPayload:
    payout: PayoutRecord | None = strawberry.field(default=None, description="The payout; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class SettlingMutation:
    @strawberry.mutation(
        description=(
            "Say that what staff hand over – merchandise, something in the shop, cash, a donation – was handed over: "
            "the payout is paid, and its rewards are received. Refused for what was refunded in full or blocked "
            f"meanwhile. {needs(Scope.HANDOVERS_WRITE)}"
        )
    )
    def mark_handed_over(
        self,
        info: Info,
        given: Annotated[MarkHandedOverInput, strawberry.argument(name="input", description="The payout.")],
    ) -> MarkHandedOverPayload | None:
        with at_work(info.context, Scope.HANDOVERS_WRITE) as by:
            try:
                payout = of_site(by, Payout, given.id, PayoutRecord)
                handover = Handover.objects.filter(payout=payout).first()
                if handover is None:
                    raise NotPossibleNow(_("There is nothing to hand over for this payout."))
                done = mark_handed_over(handover=handover, actor=by.user, note=given.note, proof=given.proof)
                payout.refresh_from_db()
            except DomainError as error:
                return MarkHandedOverPayload(errors=user_errors(error))
        return MarkHandedOverPayload(payout=payout, already_handed_over=not done)  # type: ignore[arg-type]

    @strawberry.mutation(
        description=(
            "Say what became of a payout whose outcome is unknown, that waits for a person, or that its provider never "
            "settles. What is said wrongly here is paid twice or never, and cannot be taken back: it rests on a person "
            f"who has looked and says where. {needs_person()}"
        )
    )
    def resolve_payout(
        self,
        info: Info,
        given: Annotated[ResolvePayoutInput, strawberry.argument(name="input", description="What became of it.")],
    ) -> ResolvePayoutPayload | None:
        by, person = require_person(info.context, RESOLVES)
        try:
            payout = of_site(by, Payout, given.id, PayoutRecord)
            done = resolve_payout(
                payout=payout,
                paid=given.outcome is PayoutResolution.PAID,
                note=given.note,
                provider_ref=given.provider_ref,
                actor=person,
            )
            payout.refresh_from_db()
        except DomainError as error:
            return ResolvePayoutPayload(errors=user_errors(error))
        return ResolvePayoutPayload(payout=payout, already_resolved=not done)  # type: ignore[arg-type]

    @strawberry.mutation(
        description=(
            "Let a payout go on that waits for a person (isParked): it is looked up in the provider’s books or, where "
            "those cannot be read, sent with the same key. Refused where that might pay it twice; then resolvePayout "
            f"is left. {needs_person()}"
        )
    )
    def resume_payout(
        self,
        info: Info,
        given: Annotated[ResumePayoutInput, strawberry.argument(name="input", description="The payout, and why.")],
    ) -> ResumePayoutPayload | None:
        by, person = require_person(info.context, RESOLVES)
        try:
            payout = of_site(by, Payout, given.id, PayoutRecord)
            resume_payout(payout=payout, note=given.note, actor=person)
        except DomainError as error:
            return ResumePayoutPayload(errors=user_errors(error))
        return ResumePayoutPayload(payout=payout)  # type: ignore[arg-type]
