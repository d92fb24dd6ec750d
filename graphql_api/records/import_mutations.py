"""Systems send files of sales. Each mutation calls the flow of the same name."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import gettext_lazy as _
from strawberry import relay

from graphql_api.access.scopes import at_work, needs, of_site
from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import DomainError, InvalidInput
from referral_blocks.flows.confirm_import import confirm_import
from referral_blocks.flows.import_sales import import_sales
from referral_blocks.programs.selectors import program_by_slug
from referral_blocks.sales import models

from .sale_lists import SaleImport

NEEDS = needs(Scope.SALES_WRITE)


@strawberry.input(description="A file of sales.")
class ImportSalesInput:
    program: str = strawberry.field(description="The programme’s slug.")
    name: str = strawberry.field(description="What to call it in lists, such as its file name.")
    content: str = strawberry.field(
        description=(
            "The file’s text, of up to 5 MB, with its heading: a CSV has the columns external_id, friend_email and "
            "amount, and may have currency, occurred_at, product and meta_…. A request with so much holds nothing but "
            "this mutation, and has the text in a variable."
        )
    )
    source: str = strawberry.field(default="csv", description="What kind of file it is.")
    dry_run: bool = strawberry.field(
        default=True,
        description="Only say what would become of each row; confirmImport lets the real run follow. False: at once.",
    )


@strawberry.type(description="The import, which the queue carries out: ask server.saleImport how far it has come.")
class ImportSalesPayload:
    sale_import: SaleImport | None = strawberry.field(default=None, description="The import; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Which dry run is followed by the real one.")
class ConfirmImportInput:
    id: relay.GlobalID = strawberry.field(description="The import’s id.")


@strawberry.type(description="The import, which is no dry run any more.")
class ConfirmImportPayload:
    sale_import: SaleImport | None = strawberry.field(default=None, description="The import; null when refused.")
    already_confirmed: bool = strawberry.field(default=False, description="Whether it had been confirmed before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class ImportsMutation:
    @strawberry.mutation(
        description=f"Send a file of sales: each row is recorded once, however often it is sent. {NEEDS}"
    )
    def import_sales(
        self,
        info: Info,
        given: Annotated[ImportSalesInput, strawberry.argument(name="input", description="The file.")],
    ) -> ImportSalesPayload | None:
        with at_work(info.context, Scope.SALES_WRITE, "add_saleimport") as by:
            try:
                started = import_sales(
                    program=program_by_slug(site_id=by.site_id, slug=given.program),
                    source=given.source,
                    name=given.name,
                    data=_bytes(given.content),
                    dry_run=given.dry_run,
                    actor=by.user,
                )
            except DomainError as error:
                return ImportSalesPayload(errors=[_renamed(one) for one in user_errors(error)])
        return ImportSalesPayload(sale_import=started)  # type: ignore[arg-type]

    @strawberry.mutation(description=f"Let a dry run that is done be followed by the real run. {NEEDS}")
    def confirm_import(
        self,
        info: Info,
        given: Annotated[ConfirmImportInput, strawberry.argument(name="input", description="Which import.")],
    ) -> ConfirmImportPayload | None:
        with at_work(info.context, Scope.SALES_WRITE, "add_saleimport") as by:
            try:
                found = of_site(by, models.SaleImport, given.id, SaleImport)
                done = confirm_import(sale_import=found, actor=by.user)
            except DomainError as error:
                return ConfirmImportPayload(errors=user_errors(error))
        return ConfirmImportPayload(sale_import=found, already_confirmed=not done)  # type: ignore[arg-type]


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(_("This text is damaged."), code="invalid_file", path=("file",)) from None


def _renamed(error: UserError) -> UserError:
    """Forms call the file what the input calls content."""
    error.path = ["content" if part == "file" else part for part in error.path]
    return error
