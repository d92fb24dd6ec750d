"""Payout runs: the list, and one run with its payouts, its progress and its steps."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Count, Q, QuerySet, Sum
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.ui.tables import Column, DateColumn, NumberColumn, StatusTagColumn, Table, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.core.money import Money
from referral_blocks.payouts.limits import policy_of
from referral_blocks.payouts.models import Payout, PayoutState
from referral_blocks.payouts.registry import payout_provider_choices
from referral_blocks.payouts.run import PayoutRun, RunState
from referral_blocks.payouts.runs import OPEN, RunTotals, counts_by_state, run_totals, unsent

from .columns import PersonColumn, Step, StepsColumn
from .filters import ProgramFilterSet, date_range
from .labels import payouts_to_people, provider_label
from .permissions import may
from .plan_run import PlanRunView
from .records import RecordListView, RecordView, RecordViewSet, audit_table
from .run_steps import CancelRunView, ConfirmRunView
from .stacked_bar import StackedBar, stack
from .when import when

SHOWN = 100  # payouts on the run's page; the list of payouts has all
RIGHTS = ("view_payout", "confirm_payout")
S = PayoutState
TONES: dict[str, str] = {
    S.PAID: "done", S.SENT: "moving", S.SENDING: "moving", S.CONFIRMED: "waiting", S.DRAFT: "held",
    S.FAILED_RETRYABLE: "waiting", S.UNKNOWN: "trouble", S.FAILED_FINAL: "trouble", S.RETURNED: "trouble",
    S.CANCELLED: "out",
}  # fmt: skip


class RunFilterSet(ProgramFilterSet):
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=RunState.choices)
    provider = django_filters.ChoiceFilter(label=gettext_lazy("Paid by"), choices=payout_provider_choices)
    created_at = date_range("created_at", gettext_lazy("Created"))

    class Meta:
        model = PayoutRun
        fields: tuple[str, ...] = ()


class RunListView(RecordListView):
    rights = RIGHTS
    default_ordering = "-created_at"

    def get_base_queryset(self) -> QuerySet[PayoutRun]:
        counted = ~Q(payouts__state=PayoutState.CANCELLED)
        return PayoutRun.objects.select_related("program").annotate(
            count=Count("payouts", filter=counted), total_minor=Sum("payouts__amount_minor", filter=counted)
        )

    @cached_property
    def columns(self) -> list[Column]:
        return [
            TitleColumn("program", label=_("Programme"), get_url=self.get_inspect_url, classname="rb-wide"),
            Column("provider", label=_("Paid by"), accessor=lambda run: provider_label(run.provider)),
            NumberColumn("count", label=_("Payouts")),
            Column("total", label=_("Total"), accessor=lambda run: Money(run.total_minor or 0, run.currency)),
            StatusTagColumn(
                "state", label=_("State"), accessor="get_state_display",
                primary=lambda run: run.state == RunState.CONFIRMED, sort_key="state",
            ),
            DateColumn("cut_off_at", label=_("Cut-off"), sort_key="cut_off_at"),
            DateColumn("created_at", label=_("Created"), sort_key="created_at"),
        ]  # fmt: skip

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not may(self.request.user, "confirm_payout"):
            return []
        return [HeaderButton(_("New run"), url=reverse("referral_runs:plan"), icon_name="plus")]


class RunView(RecordView):
    rights = RIGHTS
    template_name = "referral_blocks/admin/payout_run.html"
    queryset = PayoutRun.objects.select_related("program", "created_by", "confirmed_by", "seconded_by")

    @cached_property
    def totals(self) -> RunTotals:
        return run_totals(run=self.object)

    @property
    def is_open(self) -> bool:
        return self.object.state in OPEN

    def facts(self) -> list[tuple[str, Any]]:
        run: PayoutRun = self.object
        return [
            (_("Programme"), run.program),
            (_("Paid by"), provider_label(run.provider)),
            (_("State"), run.get_state_display()),
            (_("Payouts"), payouts_to_people(self.totals.payouts, self.totals.people)),
            (_("Total"), Money(self.totals.amount_minor, run.currency)),
            (_("Largest payout"), Money(self.totals.largest_minor, run.currency)),
            (_("Second person above"), second_person_limit(run)),
            (_("Cut-off"), when(run.cut_off_at)),
            (_("Gathered"), when(run.gathered_at)),
            (_("Made by"), run.created_by or "–"),
            (_("Confirmed by"), run.confirmed_by or "–"),
            (_("Second person"), run.seconded_by or "–"),
        ]

    def lines(self) -> list[str]:
        """What happens, or is to happen, with this run now."""
        run: PayoutRun = self.object
        if self.is_open and run.gathered_at is None:
            return [_("Rewards are still being gathered. Load this page again in a while.")]
        if run.state == RunState.SECOND:
            if run.confirmed_by is None:
                return [_("A second person has to look at this run.")]
            return [
                _("A second person has to look at this run: another one than %(name)s.") % {"name": run.confirmed_by}
            ]
        if run.state == RunState.CONFIRMED and (left := self.counts.get(PayoutState.DRAFT, 0)):
            return [
                ngettext("%(n)d payout is still to be queued.", "%(n)d payouts are still to be queued.", left)
                % {"n": left}
            ]
        return self.called_back() if run.state == RunState.CANCELLED else []

    def called_back(self) -> list[str]:
        """What became of a run that was cancelled."""
        if left := unsent().filter(run=self.object).count():
            return [
                ngettext(
                    "%(n)d payout is still to be called back; it is not sent any more.",
                    "%(n)d payouts are still to be called back; they are not sent any more.",
                    left,
                )
                % {"n": left}
            ]
        if self.totals.payouts:
            return [_("What had not been sent was called back. What is counted here was on its way or paid by then.")]
        return []

    @cached_property
    def counts(self) -> dict[str, int]:
        return counts_by_state(run=self.object)

    def bar(self) -> StackedBar:
        labels = dict(PayoutState.choices)
        parts = [(labels[state], n, n, TONES[state]) for state in PayoutState.values if (n := self.counts.get(state))]
        return stack(_("Payouts by state"), parts)

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        run: PayoutRun = self.object
        every = f"{reverse('referral_payouts:index')}?run={run.pk}"
        # Icon alone and in this order: a phone's header shows no more.
        buttons = [
            HeaderButton(_("All payouts of this run"), url=every, icon_name="list-ul", icon_only=True, priority=3)
        ]
        if not may(self.request.user, "confirm_payout"):
            return buttons
        if not self.is_open and not self.can_be_called_back:
            return buttons
        if self.is_open and run.gathered_at and self.totals.payouts and not self.has_confirmed:
            url = reverse("referral_runs:confirm", args=[run.pk])
            buttons.insert(0, HeaderButton(_("Confirm this run"), url=url, icon_name="check", priority=1))
        cancel = reverse("referral_runs:cancel", args=[run.pk])
        return [*buttons, HeaderButton(_("Cancel this run"), url=cancel, icon_name="cross", priority=2)]

    @property
    def can_be_called_back(self) -> bool:
        """Confirmed, and not all of it is on its way."""
        return self.object.state == RunState.CONFIRMED and unsent().filter(run=self.object).exists()

    @property
    def has_confirmed(self) -> bool:
        return self.object.state == RunState.SECOND and self.object.confirmed_by_id == self.request.user.pk

    def steps(self, payout: Payout) -> list[Step]:
        if not self.is_open or payout.state != PayoutState.DRAFT or not may(self.request.user, "confirm_payout"):
            return []
        return [Step(_("Take out"), reverse("referral_payouts:exclude", args=[payout.pk]))]

    def tables(self) -> list[Table]:
        payouts = Payout.objects.filter(run=self.object).select_related("person").order_by("pk")
        return [
            Table(
                [
                    PersonColumn("person", label=_("To"), get_url=payout_url),
                    Column("amount", label=_("Amount")),
                    Column("get_state_display", label=_("State")),
                    StepsColumn(_("Steps"), self.steps),
                ],
                payouts[:SHOWN],
                caption=_("Payouts (the first %(n)d)") % {"n": SHOWN},
            ),
            audit_table(self.object.changes.all(), dict(RunState.choices)),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "bar": self.bar(), "lines": self.lines()}


def payout_url(payout: Payout) -> str:
    return reverse("referral_payouts:inspect", args=[payout.pk])


def second_person_limit(run: PayoutRun) -> str:
    limit = policy_of(program_id=run.program_id, currency=run.currency).second_person_minor
    return _("never") if limit is None else str(Money(limit, run.currency))


class RunViewSet(RecordViewSet):
    model = PayoutRun
    name = "referral_runs"
    url_prefix = "referrals/payout-runs"
    icon = "tasks"
    menu_label = gettext_lazy("Payout runs")
    index_view_class = RunListView
    inspect_view_class = RunView
    filterset_class = RunFilterSet
    search_fields = ["program__name"]

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *super().get_urlpatterns(),
            path("new/", PlanRunView.as_view(), name="plan"),
            path("<int:pk>/confirm/", ConfirmRunView.as_view(), name="confirm"),
            path("<int:pk>/cancel/", CancelRunView.as_view(), name="cancel"),
        ]
