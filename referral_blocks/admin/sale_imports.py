"""Staff import a file of sales: upload it, look at the dry run, confirm it, and fetch the refused rows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View
from wagtail.admin.ui.tables import Column, DateColumn, Table, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.flows.confirm_import import confirm_import
from referral_blocks.flows.import_sales import import_sales
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.sales.imports import refused_rows_csv
from referral_blocks.sales.models import ImportState, RowOutcome, SaleImport, SaleImportRow
from referral_blocks.sales.selectors import import_progress
from referral_blocks.sales.source import MAX_BYTES, sale_source_choices

from .filters import ProgramFilterSet
from .permissions import RequiresRight
from .record_sale import ProgramChoiceField, only_choice
from .records import RecordListView, RecordView, RecordViewSet
from .steps import FlowFormView, StepView

RIGHT = "add_saleimport"
SHOWN = 100  # refused rows on the page; the report holds all


class ImportForm(forms.Form):
    program = ProgramChoiceField(
        label=gettext_lazy("Programme"),
        queryset=Program.objects.exclude(status=ProgramStatus.DRAFT),
        initial=only_choice,
    )
    source = forms.ChoiceField(label=gettext_lazy("Kind of file"), choices=sale_source_choices)
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "With the columns external_id, friend_email and amount; currency, occurred_at, product and meta_… may be "
            "added. At most 5 MB and 50,000 rows. Nothing is recorded before you have seen what would happen."
        ),
    )


class StartImportView(FlowFormView):
    form_class = ImportForm
    rights = (RIGHT,)
    page_title = gettext_lazy("Import sales")
    header_icon = "upload"
    submit_label = gettext_lazy("Try it out")
    back_label = gettext_lazy("Imports")
    back_url_name = "referral_imports:index"
    started: SaleImport

    def get_success_url(self) -> str:
        return reverse("referral_imports:inspect", args=[self.started.pk])

    def run(self, data: dict[str, Any]) -> None:
        self.started = import_sales(
            program=data["program"],
            source=data["source"],
            name=data["file"].name,
            data=data["file"].read(MAX_BYTES + 1),  # one byte more tells that it is too large
            actor=self.request.user,
        )


class ConfirmImportView(StepView):
    queryset = SaleImport.objects.select_related("program")
    rights = (RIGHT,)
    page_title = gettext_lazy("Record these sales")
    header_icon = "check"
    submit_label = gettext_lazy("Record them")
    back_label = gettext_lazy("Imports")
    back_url_name = "referral_imports:index"

    def get_success_url(self) -> str:
        return reverse("referral_imports:inspect", args=[self.object.pk])

    def over(self) -> str:
        return "" if self.object.dry_run else _("This import was confirmed before.")

    def facts(self) -> list[tuple[str, Any]]:
        return facts_of(self.object)

    def run(self, data: dict[str, Any]) -> None:
        done = confirm_import(sale_import=self.object, actor=self.request.user)
        self.tell(done, _("The sales are being recorded."), _("This import was confirmed before."))


def facts_of(sale_import: SaleImport) -> list[tuple[str, Any]]:
    progress = import_progress(sale_import=sale_import)
    dry = sale_import.dry_run
    return [
        (_("File"), sale_import.name),
        (_("Programme"), sale_import.program),
        (_("Step"), _("Dry run: nothing is recorded yet") if dry else _("Recording")),
        (_("State"), sale_import.get_state_display()),
        (_("Progress"), _("%(done)d of %(total)d rows") % {"done": progress.done, "total": progress.total}),
        (_("Would be recorded") if dry else _("Recorded"), progress.recorded),
        (_("Recorded before"), progress.repeated),
        (_("Refused"), progress.refused),
    ]


class ImportListView(RecordListView):
    rights = (RIGHT,)
    default_ordering = "-created_at"

    def get_base_queryset(self) -> QuerySet[SaleImport]:
        return SaleImport.objects.select_related("program").defer("content")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            TitleColumn("name", label=_("File"), get_url=self.get_inspect_url),
            Column("program", label=_("Programme")),
            Column("total", label=_("Rows")),
            Column("dry_run", label=_("Step"), accessor=lambda i: _("Dry run") if i.dry_run else _("Recording")),
            Column("get_state_display", label=_("State")),
            DateColumn("created_at", label=_("Uploaded"), sort_key="created_at"),
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        return [HeaderButton(_("Import sales"), url=reverse("referral_imports:start"), icon_name="upload")]


class ImportView(RecordView):
    rights = (RIGHT,)
    queryset = SaleImport.objects.select_related("program").defer("content")

    def facts(self) -> list[tuple[str, Any]]:
        return facts_of(self.object)

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        given: SaleImport = self.object
        buttons = [
            HeaderButton(
                _("Refused rows (CSV)"), url=reverse("referral_imports:refused", args=[given.pk]), icon_name="download"
            )
        ]
        if given.dry_run and given.state == ImportState.DONE:
            url = reverse("referral_imports:confirm", args=[given.pk])
            buttons.insert(0, HeaderButton(_("Record these sales"), url=url, icon_name="check"))
        return buttons

    def tables(self) -> list[Table]:
        refused = SaleImportRow.objects.filter(sale_import=self.object, outcome=RowOutcome.REFUSED)
        return [
            Table(
                [
                    Column("number", label=_("Row")),
                    Column("external_id", label=_("Order number")),
                    Column("message", label=_("What to do")),
                ],
                refused.order_by("number")[:SHOWN],
                caption=_("Refused rows"),
            )
        ]


class RefusedRowsView(RequiresRight, View):
    """The report of refused rows as a file."""

    rights = (RIGHT,)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = get_object_or_404(SaleImport.objects.defer("content"), pk=pk)
        # The mark in front tells spreadsheets that the text is UTF-8.
        text = "\ufeff" + refused_rows_csv(sale_import=found)
        name = f"refused-rows-{found.pk}.csv"
        return HttpResponse(
            text,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
        )


class ImportFilterSet(ProgramFilterSet):
    class Meta:
        model = SaleImport
        fields: tuple[str, ...] = ()


class SaleImportViewSet(RecordViewSet):
    model = SaleImport
    name = "referral_imports"
    url_prefix = "referrals/imports"
    icon = "upload"
    menu_label = gettext_lazy("Imports")
    index_view_class = ImportListView
    inspect_view_class = ImportView
    filterset_class = ImportFilterSet
    search_fields = ["name"]

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *super().get_urlpatterns(),
            path("start/", StartImportView.as_view(), name="start"),
            path("<int:pk>/confirm/", ConfirmImportView.as_view(), name="confirm"),
            path("<int:pk>/refused/", RefusedRowsView.as_view(), name="refused"),
        ]
