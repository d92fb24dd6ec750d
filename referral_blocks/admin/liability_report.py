"""The report “What we owe”: held, payable, in transit, paid and taken back, by programme and currency."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, Table
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from referral_blocks.core.money import Money
from referral_blocks.ledger.selectors import Liability, liabilities
from referral_blocks.programs.models import Program

from .permissions import RequiresRight, menu_item_for
from .stacked_bar import StackedBar, stack

RIGHTS = ("view_referral_report", "view_payout")
# field, its words, and the tone that it is drawn in
PARTS = (
    ("held", gettext_lazy("Held"), "held"),
    ("payable", gettext_lazy("Payable"), "waiting"),
    ("in_transit", gettext_lazy("In transit"), "moving"),
    ("points", gettext_lazy("Points balance"), "waiting"),
    ("paid", gettext_lazy("Paid"), "done"),
    ("clawed_back", gettext_lazy("To be netted"), "trouble"),
)


class Row:
    """One programme in one currency."""

    def __init__(self, program: Program, owed: Liability) -> None:
        self.program, self.owed = program, owed

    def money(self, field: str) -> Money:
        return Money(getattr(self.owed, field), self.owed.currency)

    def bar(self) -> StackedBar:
        parts = [(label, self.money(f).amount_minor, self.money(f), tone) for f, label, tone in PARTS]
        return stack(f"{self.program} · {self.owed.currency}", parts)


def rows() -> list[Row]:
    """By programme's name; two queries."""
    owed = liabilities()
    return [Row(program, one) for program in Program.objects.order_by("name") for one in owed.get(program.pk, [])]


class LiabilityReportView(RequiresRight, WagtailAdminTemplateMixin, TemplateView):
    rights = RIGHTS
    template_name = "referral_blocks/admin/tables.html"
    page_title = gettext_lazy("What we owe")
    header_icon = "order"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = rows()
        return {
            **super().get_context_data(**kwargs),
            "lines": [] if found else [_("Nothing was promised yet.")],
            "bars": [bar for row in found if (bar := row.bar()).parts],
            "tables": [table(found)],
        }


def table(found: list[Row]) -> Table:
    def column(field: str, label: Any) -> Column:
        return Column(field, label=label, accessor=lambda row: row.money(field))

    return Table(
        [
            Column("program", label=_("Programme")),
            Column("currency", label=_("Currency"), accessor="owed.currency"),
            *(column(field, label) for field, label, _tone in PARTS),
            column("owed", _("Still owed")),
        ],
        found,
        caption=_("By programme and currency"),
    )


def urlpatterns() -> list[URLPattern]:
    return [path("owed/", LiabilityReportView.as_view(), name="owed")]


def menu_item() -> MenuItem:
    """The report's place in Wagtail's Reports menu."""
    return menu_item_for(*RIGHTS)(
        LiabilityReportView.page_title,
        reverse("referral_reports:owed"),
        name="referral-owed",
        icon_name=LiabilityReportView.header_icon,
        order=610,
    )
