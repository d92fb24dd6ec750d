"""The report “Referral funnel” with its filter, chart, table and exports."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, NumberColumn
from wagtail.admin.views.reports import ReportView
from wagtail.admin.widgets import AdminDateInput

from referral_blocks.analytics.funnel import Funnel, Period, funnels, total
from referral_blocks.core.money import Money
from referral_blocks.core.text import plain_cell
from referral_blocks.programs.models import Program

from .columns import LinesColumn
from .filters import DAY_LIMITS
from .funnel_chart import draw, of_customers, of_friends, of_visits
from .labels import percent
from .permissions import RequiresRight, menu_item_for

RIGHT = "view_referral_report"


class ReportFilterForm(forms.Form):
    program = forms.ModelChoiceField(
        label=gettext_lazy("Programme"), queryset=Program.objects.all(), required=False, empty_label=gettext_lazy("All")
    )
    first = forms.DateField(label=gettext_lazy("From"), required=False, widget=AdminDateInput, validators=DAY_LIMITS)
    last = forms.DateField(label=gettext_lazy("To"), required=False, widget=AdminDateInput, validators=DAY_LIMITS)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first: date | None = cleaned.get("first")
        last: date | None = cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", _("“To” has to be the same day as “From” or later."))
        return cleaned


def counted(n: int, beneath: str) -> list[str]:
    """A number over what it means in proportion."""
    return [intcomma(n), beneath]


def amounts(money: tuple[Money, ...]) -> list[str]:
    return [str(m) for m in money] or ["–"]


def took_part(funnel: Funnel) -> list[str]:
    """The participation rate over the counts that it comes from."""
    of = _("%(active)s of %(all)s referrers") % {
        "active": intcomma(funnel.active_referrers),
        "all": intcomma(funnel.referrers),
    }
    return [percent(funnel.participation), of]


class FunnelRow:
    """A funnel as the exports write it: plain numbers, amounts in major units beside their currency."""

    def __init__(self, funnel: Funnel) -> None:
        self.funnel = funnel

    def __getattr__(self, name: str) -> Any:
        return getattr(self.funnel, name)

    @property
    def program_name(self) -> str:
        return self.funnel.program.name if self.funnel.program else _("All programmes")

    @property
    def currency(self) -> str:
        return "; ".join(m.currency for m in self.funnel.costs)

    @property
    def cost(self) -> str:
        return "; ".join(f"{m.decimal:f}" for m in self.funnel.costs)

    @property
    def cost_per_customer(self) -> str:
        return "; ".join(f"{m.decimal:f}" for m in self.funnel.costs_per_customer)


class FunnelReportView(RequiresRight, ReportView):
    rights = (RIGHT,)
    page_title = gettext_lazy("Referral funnel")
    header_icon = "order-down"
    template_name = "referral_blocks/admin/referral_report.html"
    results_template_name = "referral_blocks/admin/referral_report_results.html"
    index_url_name = "referral_reports:funnel"
    index_results_url_name = "referral_reports:funnel_results"
    paginate_by = None
    export_filename = "referral-funnel"
    export_headings = {
        "program_name": gettext_lazy("Programme"),
        "referrers": gettext_lazy("Referrers"),
        "active_referrers": gettext_lazy("Active referrers"),
        "participation": gettext_lazy("Participation rate"),
        "visits": gettext_lazy("Visits"),
        "friends": gettext_lazy("Friends"),
        "qualified": gettext_lazy("Customers"),
        "rewarded": gettext_lazy("Rewarded"),
        "friends_per_visit": gettext_lazy("Friends per visit"),
        "qualified_per_friend": gettext_lazy("Customers per friend"),
        "cost": gettext_lazy("Reward cost"),
        "cost_per_customer": gettext_lazy("Reward cost per new customer"),
        "currency": gettext_lazy("Currency"),
    }
    list_export = list(export_headings)

    @cached_property
    def form(self) -> ReportFilterForm:
        return ReportFilterForm(self.request.GET or None)

    @cached_property
    def rows(self) -> list[Funnel]:
        """One funnel a programme, and their total where there are several; none while the filter is wrong."""
        if self.form.is_bound and not self.form.is_valid():
            return []
        chosen = self.form.cleaned_data if self.form.is_bound else {}
        program: Program | None = chosen.get("program")
        period = Period(chosen.get("first"), chosen.get("last"))
        found = funnels(period=period, program_id=program.pk if program else None)
        return [*found, total(found)] if len(found) > 1 else found

    def get_filtered_queryset(self) -> list[FunnelRow]:
        return [FunnelRow(funnel) for funnel in self.rows]

    @cached_property
    def columns(self) -> list[Column]:
        return [
            Column("program_name", label=_("Programme")),
            NumberColumn("visits", label=_("Visits")),
            LinesColumn("friends", label=_("Friends"), accessor=lambda r: counted(r.friends, of_visits(r))),
            LinesColumn("qualified", label=_("Customers"), accessor=lambda r: counted(r.qualified, of_friends(r))),
            LinesColumn("rewarded", label=_("Rewarded"), accessor=lambda r: counted(r.rewarded, of_customers(r))),
            LinesColumn("participation", label=_("Participation rate"), accessor=took_part),
            LinesColumn("cost", label=_("Reward cost"), accessor=lambda r: amounts(r.costs)),
            LinesColumn("each", label=_("Cost per new customer"), accessor=lambda r: amounts(r.costs_per_customer)),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        chart = draw(self.rows[-1]) if self.rows else None
        return {**context, "form": self.form, "chart": chart, "media": context["media"] + self.form.media}

    def preprocess_field_value(self, field: str, value: Any, export_format: str) -> Any:
        cell = super().preprocess_field_value(field, value, export_format)
        return plain_cell(cell) if isinstance(cell, str) else cell


def urlpatterns() -> list[URLPattern]:
    """The report and the twin that renders its results alone."""
    return [
        path("funnel/", FunnelReportView.as_view(), name="funnel"),
        path("funnel/results/", FunnelReportView.as_view(results_only=True), name="funnel_results"),
    ]


def menu_item() -> MenuItem:
    """The report's place in Wagtail's Reports menu."""
    return menu_item_for(RIGHT)(
        FunnelReportView.page_title,
        reverse(FunnelReportView.index_url_name),
        name="referral-funnel",
        icon_name=FunnelReportView.header_icon,
        order=600,
    )
