"""Systems plan payout runs, confirm those that one person could confirm alone, take payouts out of
them, and cancel them. Each mutation calls the
flow of the same name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import relay

from graphql_api.access.scopes import at_work, needs, of_site
from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.money.types import Money
from graphql_api.scalars import BigInt
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import DomainError
from referral_blocks.core.money import Money as Amount
from referral_blocks.core.text import clean_text
from referral_blocks.flows.cancel_payout_run import cancel_payout_run
from referral_blocks.flows.confirm_payout_run import confirm_payout_run
from referral_blocks.flows.exclude_from_run import exclude_from_run
from referral_blocks.flows.plan_payout_run import plan_payout_run
from referral_blocks.payouts import run as runs
from referral_blocks.payouts.models import Payout
from referral_blocks.programs.selectors import program_by_slug

from .payout_runs import PayoutRun
from .payouts import PayoutRecord

NEEDS = needs(Scope.PAYOUTS_WRITE)


@strawberry.input(description="Which rewards are gathered into a run.")
class PlanPayoutRunInput:
    program: str = strawberry.field(description="The programme’s slug.")
    provider: str = strawberry.field(description="How they are paid: a name of the site’s settings, such as “stripe”.")
    cut_off_at: datetime | None = strawberry.field(
        default=None, description="Rewards approved up to this moment; by default now."
    )
    currency: str = strawberry.field(default="", description="ISO 4217 code; by default the programme’s.")


@strawberry.type(description="The draft run; where there is one with these choices already, that one as it is.")
class PlanPayoutRunPayload:
    payout_run: PayoutRun | None = strawberry.field(default=None, description="The run; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Which run is confirmed, with the total that was looked at.")
class ConfirmPayoutRunInput:
    id: relay.GlobalID = strawberry.field(description="The run’s id.")
    seen_minor: BigInt = strawberry.field(
        description="The run’s total in minor units, as it was read; when it is another by now, nothing is confirmed."
    )


@strawberry.type(description="The run after it was confirmed.")
class ConfirmPayoutRunPayload:
    payout_run: PayoutRun | None = strawberry.field(default=None, description="The run; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Which run is cancelled, and why.")
class CancelPayoutRunInput:
    id: relay.GlobalID = strawberry.field(description="The run’s id.")
    note: str = strawberry.field(description="Why; kept for ever.")


@strawberry.type(description="The run after it was cancelled, and what is cancelled with it.")
class CancelPayoutRunPayload:
    payout_run: PayoutRun | None = strawberry.field(default=None, description="The run; null when refused.")
    already_cancelled: bool = strawberry.field(default=False, description="Whether it had been cancelled before.")
    cancelled_count: int = strawberry.field(
        default=0, description="How many payouts are cancelled with it; the queue does so within moments."
    )
    cancelled_total: Money | None = strawberry.field(
        default=None, description="What they come to; null when nothing is cancelled now."
    )
    kept_count: int = strawberry.field(
        default=0, description="How many payouts of a confirmed run stay, because they are on their way or paid."
    )
    kept_total: Money | None = strawberry.field(
        default=None, description="What those come to; null when nothing is cancelled now."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Which payout is taken out of its run, and why.")
class ExcludeFromRunInput:
    id: relay.GlobalID = strawberry.field(description="The payout’s id.")
    note: str = strawberry.field(description="Why; kept for ever.")


@strawberry.type(description="The payout that was taken out, and the run as it is without it.")
class ExcludeFromRunPayload:
    payout: PayoutRecord | None = strawberry.field(default=None, description="The payout; null when refused.")
    payout_run: PayoutRun | None = strawberry.field(
        default=None, description="Its run, with the total that confirmPayoutRun asks for now; null when refused."
    )
    already_excluded: bool = strawberry.field(default=False, description="Whether it had been taken out before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class PayoutsServerMutation:
    @strawberry.mutation(
        description=f"Gather approved rewards into the payouts of a draft run, to be looked at and confirmed. {NEEDS}"
    )
    def plan_payout_run(
        self,
        info: Info,
        given: Annotated[PlanPayoutRunInput, strawberry.argument(name="input", description="The run.")],
    ) -> PlanPayoutRunPayload | None:
        with at_work(info.context, Scope.PAYOUTS_WRITE) as by:
            try:
                run = plan_payout_run(
                    program=program_by_slug(site_id=by.site_id, slug=given.program),
                    provider=given.provider,
                    cut_off_at=given.cut_off_at,
                    currency=clean_text(given.currency, max_length=3, path=("currency",), required=False),
                    actor=by.user,
                )
            except DomainError as error:
                return PlanPayoutRunPayload(errors=user_errors(error))
        return PlanPayoutRunPayload(payout_run=run)  # type: ignore[arg-type]

    @strawberry.mutation(
        description=(
            "Confirm a draft run, so that its payouts are sent. A run above the programme’s limit asks for two people: "
            f"a key is neither of them, whoever planned the run, and gets NOT_ALLOWED. {NEEDS}"
        )
    )
    def confirm_payout_run(
        self,
        info: Info,
        given: Annotated[ConfirmPayoutRunInput, strawberry.argument(name="input", description="The run.")],
    ) -> ConfirmPayoutRunPayload | None:
        with at_work(info.context, Scope.PAYOUTS_WRITE) as by:
            try:
                run = of_site(by, runs.PayoutRun, given.id, PayoutRun)
                confirm_payout_run(run=run, actor=by.user, seen_minor=given.seen_minor)
            except DomainError as error:
                return ConfirmPayoutRunPayload(errors=user_errors(error))
        return ConfirmPayoutRunPayload(payout_run=run)  # type: ignore[arg-type]

    @strawberry.mutation(
        description=(
            "Cancel a run, also a confirmed one: nothing more of it is sent, and the rewards of what was not sent wait "
            "for the next one. What is on its way or paid stays; when that is all of it, the error is WRONG_STATE. "
            f"Nothing is paid by cancelling, so that one person or key is enough. {NEEDS}"
        )
    )
    def cancel_payout_run(
        self,
        info: Info,
        given: Annotated[CancelPayoutRunInput, strawberry.argument(name="input", description="The run, and why.")],
    ) -> CancelPayoutRunPayload | None:
        with at_work(info.context, Scope.PAYOUTS_WRITE) as by:
            try:
                run = of_site(by, runs.PayoutRun, given.id, PayoutRun)
                done = cancel_payout_run(run=run, actor=by.user, note=given.note)
            except DomainError as error:
                return CancelPayoutRunPayload(errors=user_errors(error))
        if done is None:
            return CancelPayoutRunPayload(payout_run=run, already_cancelled=True)  # type: ignore[arg-type]
        return CancelPayoutRunPayload(
            payout_run=run,  # type: ignore[arg-type]
            cancelled_count=done.back.payouts,
            cancelled_total=Money.of(Amount(done.back.amount_minor, run.currency)),
            kept_count=done.kept.payouts,
            kept_total=Money.of(Amount(done.kept.amount_minor, run.currency)),
        )

    @strawberry.mutation(
        description=(
            "Take a draft out of its run before that is confirmed: its rewards wait for the next run, as does all that "
            f"its owner earns until then. {NEEDS}"
        )
    )
    def exclude_from_run(
        self,
        info: Info,
        given: Annotated[ExcludeFromRunInput, strawberry.argument(name="input", description="The payout, and why.")],
    ) -> ExcludeFromRunPayload | None:
        with at_work(info.context, Scope.PAYOUTS_WRITE) as by:
            try:
                payout = of_site(by, Payout, given.id, PayoutRecord)
                done = exclude_from_run(payout=payout, actor=by.user, note=given.note)
                payout.refresh_from_db()
            except DomainError as error:
                return ExcludeFromRunPayload(errors=user_errors(error))
        return ExcludeFromRunPayload(
            payout=payout,  # type: ignore[arg-type]
            payout_run=payout.run,  # type: ignore[arg-type]
            already_excluded=not done,
        )
