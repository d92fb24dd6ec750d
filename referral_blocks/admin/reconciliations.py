"""Comparisons of our books with the providers' own, and each difference that they found."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, NumberColumn, StatusTagColumn, Table, TitleColumn

from referral_blocks.payouts.reconciliation import Difference, DifferenceKind, Reconciliation
from referral_blocks.payouts.registry import payout_provider_choices

from .filters import date_range
from .labels import provider_label
from .records import RecordListView, RecordView, RecordViewSet
from .when import when

RIGHT = "view_reconciliation"
SHOWN = 500


class ReconciliationFilterSet(WagtailFilterSet):
    provider = django_filters.ChoiceFilter(label=gettext_lazy("Provider"), choices=payout_provider_choices)
    created_at = date_range("created_at", gettext_lazy("When"))

    class Meta:
        model = Reconciliation
        fields: tuple[str, ...] = ()


def result(row: Any) -> str:
    if row.error:
        return _("Did not come to its end")
    if row.finished_at is None:
        return _("Still at it")
    return _("Differences") if row.count else _("Agrees")


class ReconciliationListView(RecordListView):
    rights = (RIGHT,)
    default_ordering = "-created_at"

    def get_base_queryset(self) -> QuerySet[Reconciliation]:
        return Reconciliation.objects.annotate(count=Count("differences"))

    @cached_property
    def columns(self) -> list[Column]:
        return [
            TitleColumn(
                "provider", label=_("Provider"), accessor=lambda row: provider_label(row.provider),
                get_url=self.get_inspect_url,
            ),
            DateColumn("since", label=_("Since")),
            NumberColumn("compared", label=_("Compared")),
            NumberColumn("count", label=_("Differences")),
            StatusTagColumn(
                "result", label=_("Result"), accessor=result,
                primary=lambda row: bool(row.finished_at and not row.error and not row.count),
            ),
            DateColumn("created_at", label=_("When"), sort_key="created_at"),
        ]  # fmt: skip


class ReconciliationView(RecordView):
    rights = (RIGHT,)
    queryset = Reconciliation.objects.annotate(count=Count("differences"))

    def facts(self) -> list[tuple[str, Any]]:
        row: Any = self.object
        return [
            (_("Provider"), provider_label(row.provider)),
            (_("Since"), when(row.since)),
            (_("Compared"), row.compared),
            (_("Differences"), row.count),
            (_("Result"), result(row)),
            (_("Error"), row.error or "–"),
            (_("Begun"), when(row.created_at)),
            (_("Finished"), when(row.finished_at)),
        ]

    def tables(self) -> list[Table]:
        return [
            Table(
                [
                    Column("kind", label=_("What"), accessor=lambda row: DifferenceKind(row.kind).label),
                    TitleColumn("payout", label=_("Payout"), get_url=payout_url, accessor=payout_words),
                    Column("provider_ref", label=_("Provider’s reference")),
                    Column("ours", label=_("Ours")),
                    Column("theirs", label=_("Theirs")),
                ],
                self.object.differences.select_related("payout__person")[:SHOWN],
                caption=_("Differences (the first %(n)d)") % {"n": SHOWN},
            )
        ]


def payout_url(difference: Difference) -> str | None:
    return reverse("referral_payouts:inspect", args=[difference.payout_id]) if difference.payout_id else None


def payout_words(difference: Difference) -> str:
    return str(difference.payout) if difference.payout else "–"


class ReconciliationViewSet(RecordViewSet):
    model = Reconciliation
    name = "referral_reconciliations"
    url_prefix = "referrals/reconciliations"
    icon = "table"
    menu_label = gettext_lazy("Comparisons with providers")
    index_view_class = ReconciliationListView
    inspect_view_class = ReconciliationView
    filterset_class = ReconciliationFilterSet
    search_fields = ["provider"]
