"""Payout runs, as the site's own systems read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import Count, Q, Sum, Value
from django.db.models.functions import Coalesce
from strawberry import relay

from graphql_api.access.filters import is_, one_of
from graphql_api.access.scopes import NeedsScope, Record, of_site
from graphql_api.access.steps import Step
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.money.types import Money
from graphql_api.permissions import require_scope
from graphql_api.programs.types import Program
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import NotFound
from referral_blocks.core.money import Money as Amount
from referral_blocks.payouts import models
from referral_blocks.payouts import run as runs
from referral_blocks.payouts.runs import run_totals

from .payouts import PayoutRecord

COUNTS = ~Q(payouts__state=models.PayoutState.CANCELLED)  # what was taken out of a run does not count


@strawberry.enum(description="How far a payout run has come.")
class PayoutRunState(Enum):
    DRAFT = strawberry.enum_value("draft", description="To be looked at and confirmed.")
    SECOND = strawberry.enum_value("second", description="Confirmed by one person; waits for a second one.")
    CONFIRMED = strawberry.enum_value("confirmed", description="Confirmed: its payouts are on their way.")
    CANCELLED = strawberry.enum_value("cancelled", description="Cancelled: what was not sent waits for the next one.")


@strawberry_django.type(runs.PayoutRunChange, description="One step of a payout run.")
class PayoutRunStep(Step):
    pass


@strawberry_django.type(runs.PayoutRun, only=["public_id"], description="Payouts that are looked at and sent together.")
class PayoutRun(Record, relay.Node):
    scope = Scope.PAYOUTS_READ

    public_id: relay.NodeID[UUID]
    program: Program = strawberry_django.field(description="The programme.")
    provider: str = strawberry_django.field(description="How its payouts are paid.")
    state: PayoutRunState = strawberry_django.field(description="How far it has come.")
    cut_off_at: datetime = strawberry_django.field(description="Rewards approved up to this moment are in it.")
    created_at: datetime = strawberry_django.field(description="When it was planned.")
    gathered_at: datetime | None = strawberry_django.field(
        description="When everything was in it; until then it grows and cannot be confirmed."
    )
    agent: str = strawberry_django.field(description="Which API key planned it; empty for people.")
    steps: list[PayoutRunStep] = strawberry_django.field(
        field_name="changes", description="What happened to it, in order."
    )
    payouts: Pages[PayoutRecord] = strawberry_django.connection(
        description=f"Its payouts, at most {MAX_PAGE} at once; those that were taken out are cancelled."
    )

    @strawberry_django.field(
        description="How many payouts it has.", annotate={"payouts_counted": Count("payouts", filter=COUNTS)}
    )
    def payouts_count(self, root: strawberry.Parent[runs.PayoutRun]) -> int:
        counted = getattr(root, "payouts_counted", None)
        return run_totals(run=root).payouts if counted is None else counted

    @strawberry_django.field(
        description="What its payouts come to: what confirmPayoutRun asks for.",
        only=["currency"],
        annotate={"payouts_minor": Coalesce(Sum("payouts__amount_minor", filter=COUNTS), Value(0))},
    )
    def total(self, root: strawberry.Parent[runs.PayoutRun]) -> Money:
        minor = getattr(root, "payouts_minor", None)
        return Money.of(Amount(run_totals(run=root).amount_minor if minor is None else int(minor), root.currency))


@strawberry.input(description="Which runs are asked for; what is left out holds for all.")
class PayoutRunFilter:
    program: str | None = strawberry.field(default=None, description="Those of the programme with this slug.")
    states: list[PayoutRunState] | None = strawberry.field(default=None, description="Those in one of these states.")
    provider: str | None = strawberry.field(default=None, description="Those that are paid this way.")


@strawberry.type
class PayoutRunsServer:
    @strawberry_django.connection(
        Pages[PayoutRun] | None,  # type: ignore[arg-type]
        description=f"Payout runs, the last one first, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.PAYOUTS_READ)],
    )
    def payout_runs(
        self,
        info: Info,
        only: Annotated[PayoutRunFilter | None, strawberry.argument(name="filter", description="Which ones.")] = None,
    ) -> Iterable[PayoutRun]:
        wanted = only or PayoutRunFilter()
        return runs.PayoutRun.objects.filter(  # type: ignore[return-value]
            is_("program__slug", wanted.program),
            one_of("state", wanted.states),
            is_("provider", wanted.provider),
            program__site=require_scope(info.context, Scope.PAYOUTS_READ).site_id,
        ).order_by("-created_at", "-pk")

    @strawberry_django.field(
        description="One payout run, to look at before it is confirmed; null when there is none with this id.",
        extensions=[NeedsScope(Scope.PAYOUTS_READ)],
    )
    def payout_run(
        self,
        info: Info,
        given_id: Annotated[relay.GlobalID, strawberry.argument(name="id", description="The run’s id.")],
    ) -> PayoutRun | None:
        worker = require_scope(info.context, Scope.PAYOUTS_READ)
        try:
            found = of_site(worker, runs.PayoutRun, given_id, PayoutRun)
        except NotFound:
            return None
        return found  # type: ignore[return-value]
