"""Sales and imports, as the site's own systems read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import Count, F, Q
from strawberry import relay

from graphql_api.access.filters import MomentRange, is_, within
from graphql_api.access.scopes import NeedsScope, Record, of_site
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.permissions import require_scope
from graphql_api.programs.types import Program
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import NotFound
from referral_blocks.sales import models

from .sales import Sale

IMPORTS = "add_saleimport"  # the right that staff need to see imports
ProgramSlug = Annotated[str, strawberry.argument(description="The programme’s slug.")]


@strawberry.enum(description="How far an import has come.")
class ImportState(Enum):
    READY = strawberry.enum_value("ready", description="Waits for its turn.")
    RUNNING = strawberry.enum_value("running", description="Rows are being read.")
    DONE = strawberry.enum_value("done", description="Every row was recorded or refused.")


@strawberry.enum(description="What became of a row.")
class ImportOutcome(Enum):
    RECORDED = strawberry.enum_value("recorded", description="It is a sale; in a dry run, it would be.")
    REPEATED = strawberry.enum_value("repeated", description="It was recorded before.")
    REFUSED = strawberry.enum_value("refused", description="It is none, and says why.")


@strawberry_django.type(models.SaleImportRow, only=["pk"], description="What became of one row of a file.")
class SaleImportRow(Record, relay.Node):
    scope = Scope.SALES_READ
    rights = (IMPORTS,)
    site_path = "sale_import__program__site"
    _id_attr = "pk"

    number: int = strawberry_django.field(description="Which row; the heading is row 1.")
    external_id: strawberry.ID = strawberry_django.field(description="Its order number; may be empty.")
    outcome: ImportOutcome = strawberry_django.field(description="What became of it.")
    code: str = strawberry_django.field(description="Why it was refused, for programs; else empty.")
    message: str = strawberry_django.field(description="Why it was refused and what to do; else empty.")


def _counted(outcome: models.RowOutcome | None = None) -> Count:
    return Count("rows", filter=None if outcome is None else Q(rows__outcome=outcome.value))


@strawberry_django.type(models.SaleImport, only=["public_id"], description="A file of sales, read row by row.")
class SaleImport(Record, relay.Node):
    scope = Scope.SALES_READ
    rights = (IMPORTS,)

    public_id: relay.NodeID[UUID]
    program: Program = strawberry_django.field(description="The programme.")
    name: str = strawberry_django.field(description="What it was called when it was sent.")
    source: str = strawberry_django.field(description="What kind of file it is, such as “csv”.")
    dry_run: bool = strawberry_django.field(description="Whether it only says what would become of each row.")
    state: ImportState = strawberry_django.field(description="How far it has come.")
    total: int = strawberry_django.field(description="How many rows it has.")
    created_at: datetime = strawberry_django.field(description="When it was sent.")
    agent: str = strawberry_django.field(description="Which API key sent it; empty for people.")
    rows: Pages[SaleImportRow] = strawberry_django.connection(
        description=f"What became of its rows, in their order, at most {MAX_PAGE} at once."
    )

    @strawberry_django.field(description="How many rows are done.", annotate={"rows_done": _counted()})
    def done(self, root: strawberry.Parent[models.SaleImport]) -> int:
        return _count(root, "rows_done")

    @strawberry_django.field(
        description="How many rows are sales; in a dry run, would be.",
        annotate={"rows_recorded": _counted(models.RowOutcome.RECORDED)},
    )
    def recorded(self, root: strawberry.Parent[models.SaleImport]) -> int:
        return _count(root, "rows_recorded", models.RowOutcome.RECORDED)

    @strawberry_django.field(
        description="How many rows were recorded before.",
        annotate={"rows_repeated": _counted(models.RowOutcome.REPEATED)},
    )
    def repeated(self, root: strawberry.Parent[models.SaleImport]) -> int:
        return _count(root, "rows_repeated", models.RowOutcome.REPEATED)

    @strawberry_django.field(
        description="How many rows were refused.", annotate={"rows_refused": _counted(models.RowOutcome.REFUSED)}
    )
    def refused(self, root: strawberry.Parent[models.SaleImport]) -> int:
        return _count(root, "rows_refused", models.RowOutcome.REFUSED)


def _count(sale_import: models.SaleImport, name: str, outcome: str = "") -> int:
    """What the list's one query has counted; counted now for an import that came from elsewhere."""
    known = getattr(sale_import, name, None)
    if known is not None:
        return int(known)
    rows = sale_import.rows.all()
    return (rows.filter(outcome=outcome) if outcome else rows).count()


@strawberry.enum(description="In which order sales come.")
class SaleOrder(Enum):
    NEWEST_FIRST = strawberry.enum_value("-occurred_at", description="What was sold last.")
    OLDEST_FIRST = strawberry.enum_value("occurred_at", description="What was sold first.")
    LAST_RECORDED_FIRST = strawberry.enum_value("-recorded_at", description="What was recorded last.")
    LARGEST_FIRST = strawberry.enum_value("-amount_minor", description="The largest amount, whatever its currency.")


@strawberry.input(description="Which sales are asked for; what is left out holds for all.")
class SaleFilter:
    program: str | None = strawberry.field(default=None, description="Those of the programme with this slug.")
    external_id: strawberry.ID | None = strawberry.field(default=None, description="Those with this id of yours.")
    source: str | None = strawberry.field(
        default=None, description="Those that came this way: “api”, “staff”, “csv” or a name of the site’s own."
    )
    reversed: bool | None = strawberry.field(
        default=None, description="True: those of which something was reversed; false: those that stand in full."
    )
    occurred: MomentRange | None = strawberry.field(default=None, description="Those that were sold then.")
    recorded: MomentRange | None = strawberry.field(default=None, description="Those that were recorded then.")


@strawberry.input(description="Which imports are asked for; what is left out holds for all.")
class SaleImportFilter:
    program: str | None = strawberry.field(default=None, description="Those of the programme with this slug.")
    dry_run: bool | None = strawberry.field(default=None, description="Dry runs only, or real ones only.")


@strawberry.type
class SalesServer:
    @strawberry_django.connection(
        Pages[Sale] | None,  # type: ignore[arg-type]
        description=f"Sales of this site’s programmes, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.SALES_READ)],
    )
    def sales(
        self,
        info: Info,
        only: Annotated[SaleFilter | None, strawberry.argument(name="filter", description="Which ones.")] = None,
        order_by: Annotated[SaleOrder, strawberry.argument(description="Which come first.")] = SaleOrder.NEWEST_FIRST,
    ) -> Iterable[Sale]:
        wanted = only or SaleFilter()
        rows = models.Sale.objects.filter(
            is_("program__slug", wanted.program),
            is_("external_id", wanted.external_id),
            is_("source", wanted.source),
            within("occurred_at", wanted.occurred),
            within("recorded_at", wanted.recorded),
            program__site=require_scope(info.context, Scope.SALES_READ).site_id,
        )
        if wanted.reversed is not None:
            rows = rows.filter(reversed_minor__gt=0) if wanted.reversed else rows.filter(reversed_minor=0)
        return rows.order_by(order_by.value, "-pk")  # type: ignore[return-value]

    @strawberry_django.field(
        description="The sale with this id of yours; null when there is none.",
        extensions=[NeedsScope(Scope.SALES_READ)],
    )
    def sale(
        self,
        info: Info,
        program: ProgramSlug,
        external_id: Annotated[strawberry.ID, strawberry.argument(description="Your own id, as it was recorded.")],
        source: Annotated[str, strawberry.argument(description="Which way it came.")] = "api",
    ) -> Sale | None:
        rows = models.Sale.objects.filter(
            is_("program__slug", program),
            is_("external_id", external_id),
            is_("source", source),
            program__site=require_scope(info.context, Scope.SALES_READ).site_id,
        )
        return rows.first()  # type: ignore[return-value]

    @strawberry_django.connection(
        Pages[SaleImport] | None,  # type: ignore[arg-type]
        description=f"Files of sales, the last one first, at most {MAX_PAGE} at once.",
        max_results=MAX_PAGE,
        extensions=[NeedsScope(Scope.SALES_READ, IMPORTS)],
    )
    def sale_imports(
        self,
        info: Info,
        only: Annotated[SaleImportFilter | None, strawberry.argument(name="filter", description="Which ones.")] = None,
    ) -> Iterable[SaleImport]:
        wanted = only or SaleImportFilter()
        return models.SaleImport.objects.filter(  # type: ignore[return-value]
            is_("program__slug", wanted.program),
            is_("dry_run", wanted.dry_run),
            program__site=require_scope(info.context, Scope.SALES_READ, IMPORTS).site_id,
        ).order_by(F("created_at").desc(), "-pk")

    @strawberry_django.field(
        description="One import, to ask how far it has come; null when there is none with this id.",
        extensions=[NeedsScope(Scope.SALES_READ, IMPORTS)],
    )
    def sale_import(
        self,
        info: Info,
        given_id: Annotated[relay.GlobalID, strawberry.argument(name="id", description="The import’s id.")],
    ) -> SaleImport | None:
        worker = require_scope(info.context, Scope.SALES_READ, IMPORTS)
        try:
            found = of_site(worker, models.SaleImport, given_id, SaleImport)
        except NotFound:
            return None
        return found  # type: ignore[return-value]
