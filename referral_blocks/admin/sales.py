"""Sales, read only, with the form that records one."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, Table, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.core.money import Money
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale, SaleReversal

from .columns import PersonColumn
from .filters import ProgramFilterSet, date_range
from .permissions import may
from .record_sale import RecordSaleView
from .records import RecordListView, RecordView, RecordViewSet
from .reverse_sale import ReverseSaleView
from .when import when


class SaleFilterSet(ProgramFilterSet):
    source = django_filters.ChoiceFilter(
        label=gettext_lazy("Source"),
        choices=lambda: [(s, s) for s in Sale.objects.order_by("source").values_list("source", flat=True).distinct()],
    )
    occurred_at = date_range("occurred_at", gettext_lazy("Sold"))

    class Meta:
        model = Sale
        fields: tuple[str, ...] = ()


class SaleListView(RecordListView):
    rights = ("view_sale", "add_sale")
    default_ordering = "-occurred_at"

    def get_base_queryset(self) -> QuerySet[Sale]:
        return Sale.objects.select_related("program", "referral__friend", "referral__referrer__person")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            TitleColumn("external_id", label=_("Order number"), get_url=self.get_inspect_url, sort_key="external_id"),
            PersonColumn("referral.friend", label=_("Friend")),
            PersonColumn("referral.referrer.person", label=_("Referrer")),
            Column("program", label=_("Programme")),
            Column("amount", label=_("Amount"), sort_key="amount_minor"),
            Column("source", label=_("Source")),
            DateColumn("occurred_at", label=_("Sold"), sort_key="occurred_at"),
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not may(self.request.user, "add_sale"):
            return []
        return [HeaderButton(_("Record a sale"), url=reverse("referral_sales:record"), icon_name="plus")]


class SaleView(RecordView):
    rights = ("view_sale", "add_sale")
    queryset = Sale.objects.select_related("program", "recorded_by", "referral__friend", "referral__referrer__person")

    def facts(self) -> list[tuple[str, Any]]:
        sale: Sale = self.object
        return [
            (_("Order number"), sale.external_id),
            (_("Amount"), sale.amount),
            (_("Programme"), sale.program),
            (_("Friend"), f"{sale.referral.friend} · {sale.referral.friend.email}"),
            (_("Referrer"), f"{sale.referral.referrer} · {sale.referral.referrer.person.email}"),
            (_("Source"), sale.source),
            (_("Sold"), when(sale.occurred_at)),
            (_("Recorded"), when(sale.recorded_at)),
            (_("Recorded by"), recorder(sale)),
            (_("Reversed"), Money(sale.reversed_minor, sale.currency)),
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not may(self.request.user, "add_salereversal"):
            return []
        url = reverse("referral_sales:reverse", args=[self.object.pk])
        return [HeaderButton(_("Record a refund or dispute"), url=url, icon_name="undo")]

    def tables(self) -> list[Table]:
        return [
            Table(
                [
                    TitleColumn("title", label=_("Reward"), url_name="referral_rewards:inspect"),
                    PersonColumn("person", label=_("For")),
                    Column("amount", label=_("Value")),
                    Column("get_state_display", label=_("State")),
                ],
                Reward.objects.filter(sale=self.object).select_related("person"),
                caption=_("Rewards that it earned"),
            ),
            Table(
                [
                    Column("get_kind_display", label=_("What happened")),
                    Column("external_id", label=_("Number")),
                    Column("amount", label=_("Amount"), accessor=lambda r: Money(r.amount_minor, r.sale.currency)),
                    DateColumn("occurred_at", label=_("When")),
                    Column("recorder", label=_("Recorded by"), accessor=recorder),
                ],
                SaleReversal.objects.filter(sale=self.object).select_related("sale", "recorded_by"),
                caption=_("Refunds and disputes"),
            ),
        ]


def recorder(row: Sale | SaleReversal) -> str:
    """The member of staff, or the system by its API key."""
    return str(row.recorded_by or row.agent or _("the system"))


class SaleViewSet(RecordViewSet):
    model = Sale
    name = "referral_sales"
    url_prefix = "referrals/sales"
    icon = "tag"
    index_view_class = SaleListView
    inspect_view_class = SaleView
    filterset_class = SaleFilterSet
    search_fields = ["external_id", "referral__friend__name", "referral__friend__email"]

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *super().get_urlpatterns(),
            path("record/", RecordSaleView.as_view(), name="record"),
            path("<int:pk>/reverse/", ReverseSaleView.as_view(), name="reverse"),
        ]
