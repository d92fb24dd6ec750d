"""Records sales for systems and staff. A mutation is short and calls the flow of the same name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from django.db.models import QuerySet

from graphql_api.access.scopes import at_work, needs
from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.records.reversals import ReversalKind
from graphql_api.records.sales import Sale
from graphql_api.rewards.types import RewardSummary
from graphql_api.scalars import EmailAddress
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.programs.selectors import program_by_slug
from referral_blocks.rewards.models import Reward

SOURCE = "api"
NEEDS = needs(Scope.SALES_WRITE)


@strawberry.input(description="What a friend has bought.")
class RecordSaleInput:
    program: str = strawberry.field(description="The programme’s slug.")
    external_id: strawberry.ID = strawberry.field(
        description="Your own id of the sale. Sent again with the same content, nothing is recorded twice."
    )
    friend_email: EmailAddress | None = strawberry.field(
        default=None, description="The address that the friend left; may be left out where there is a phone number."
    )
    amount: str = strawberry.field(description="In major units, such as “149.00”.")
    currency: str = strawberry.field(description="ISO 4217 code; has to be the programme’s.")
    occurred_at: datetime | None = strawberry.field(default=None, description="When it was sold; by default now.")
    product: str = strawberry.field(default="", description="What was sold, for rules that ask for it.")
    friend_phone: str = strawberry.field(
        default="", description="Finds the friend when the address is not known; with the country code."
    )
    friend_name: str = strawberry.field(default="", description="For a friend who is captured at the checkout.")
    code: str = strawberry.field(
        default="", description="A referral code typed at the checkout; captures a friend whom nobody has referred yet."
    )
    token: str = strawberry.field(default="", description="The signed token of a visit, as “code” is used.")
    accept_terms: bool = strawberry.field(
        default=False, description="Whether a friend who is captured at the checkout accepts the programme’s terms."
    )


@strawberry.type(description="The recorded sale; a second delivery gets the first one’s result.")
class RecordSalePayload:
    sale: Sale | None = strawberry.field(default=None, description="The sale; null when refused.")
    rewards: list[RewardSummary] = strawberry.field(default_factory=list, description="What it earned, on both sides.")
    already_recorded: bool = strawberry.field(default=False, description="Whether it had been delivered before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Money that went back, or a dispute that was won.")
class ReverseSaleInput:
    program: str = strawberry.field(description="The programme’s slug.")
    external_id: strawberry.ID = strawberry.field(description="Your own id of the sale, as it was recorded.")
    reversal_id: strawberry.ID = strawberry.field(
        description="Your own id of the refund or dispute; a dispute that was won has the dispute’s."
    )
    kind: ReversalKind = strawberry.field(description="What happened.")
    amount: str | None = strawberry.field(
        default=None, description="In major units; by default all that is left, or all that the dispute took."
    )
    occurred_at: datetime | None = strawberry.field(default=None, description="When; by default now.")


@strawberry.type(description="The sale after the reversal; a second delivery gets the first one’s result.")
class ReverseSalePayload:
    sale: Sale | None = strawberry.field(default=None, description="The sale; null when refused.")
    rewards: list[RewardSummary] = strawberry.field(default_factory=list, description="Its rewards as they are now.")
    already_recorded: bool = strawberry.field(default=False, description="Whether it had been delivered before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class SalesMutation:
    @strawberry.mutation(
        description=f"Record a friend’s sale. {NEEDS}",
    )
    def record_sale(
        self, info: Info, given: Annotated[RecordSaleInput, strawberry.argument(name="input", description="The sale.")]
    ) -> RecordSalePayload | None:
        with at_work(info.context, Scope.SALES_WRITE) as by:
            try:
                recorded = record_sale(
                    program=program_by_slug(site_id=by.site_id, slug=given.program),
                    source=SOURCE,
                    external_id=given.external_id,
                    friend_email=given.friend_email or "",
                    amount=given.amount,
                    currency=given.currency,
                    occurred_at=given.occurred_at,
                    product=given.product,
                    friend_phone=given.friend_phone,
                    friend_name=given.friend_name,
                    code=given.code,
                    token=given.token,
                    accept_terms=given.accept_terms,
                    actor=by.user,
                )
            except DomainError as error:
                return RecordSalePayload(errors=user_errors(error))
        return RecordSalePayload(
            sale=recorded.sale,  # type: ignore[arg-type]
            rewards=_rewards(recorded.sale.pk),  # type: ignore[arg-type]
            already_recorded=not recorded.created,
        )

    @strawberry.mutation(
        description=(
            f"Record a refund, a dispute, or a dispute that was won; the sale’s rewards follow in proportion. {NEEDS}"
        )
    )
    def reverse_sale(
        self,
        info: Info,
        given: Annotated[ReverseSaleInput, strawberry.argument(name="input", description="The reversal.")],
    ) -> ReverseSalePayload | None:
        with at_work(info.context, Scope.SALES_WRITE, "add_salereversal") as by:
            try:
                done = reverse_sale(
                    program=program_by_slug(site_id=by.site_id, slug=given.program),
                    source=SOURCE,
                    external_id=given.external_id,
                    reversal_id=given.reversal_id,
                    kind=given.kind.value,
                    amount=given.amount,
                    occurred_at=given.occurred_at,
                    actor=by.user,
                )
            except DomainError as error:
                return ReverseSalePayload(errors=user_errors(error))
        return ReverseSalePayload(
            sale=done.sale,  # type: ignore[arg-type]
            rewards=_rewards(done.sale.pk),  # type: ignore[arg-type]
            already_recorded=not done.created,
        )


def _rewards(sale_id: int) -> QuerySet[Reward]:
    """Read afresh, so that a second delivery is told the same, and the state is the present one."""
    return Reward.objects.filter(sale_id=sale_id).order_by("pk")
