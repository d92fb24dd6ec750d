"""Payouts with every conversation that a provider had about them, read only."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn, Table, TitleColumn

from referral_blocks.payouts.models import Payout, PayoutItem, PayoutState
from referral_blocks.payouts.registry import payout_provider_choices

from .columns import PersonColumn
from .filters import ProgramFilterSet, date_range
from .labels import provider_label
from .records import RecordListView, RecordView, RecordViewSet, audit_table
from .when import when


class PayoutFilterSet(ProgramFilterSet):
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=PayoutState.choices)
    provider = django_filters.ChoiceFilter(label=gettext_lazy("Paid by"), choices=payout_provider_choices)
    created_at = date_range("created_at", gettext_lazy("Created"))

    class Meta:
        model = Payout
        fields: tuple[str, ...] = ()


class PayoutListView(RecordListView):
    rights = ("view_payout",)
    default_ordering = "-created_at"

    def get_base_queryset(self) -> QuerySet[Payout]:
        return Payout.objects.select_related("person", "program")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            PersonColumn("person", label=_("To"), get_url=self.get_inspect_url, sort_key="person__name"),
            Column("amount", label=_("Amount"), sort_key="amount_minor"),
            Column("program", label=_("Programme")),
            Column("provider", label=_("Paid by"), accessor=lambda payout: provider_label(payout.provider)),
            StatusTagColumn(
                "state", label=_("State"), accessor="get_state_display",
                primary=lambda payout: payout.state == PayoutState.PAID, sort_key="state",
            ),
            DateColumn("created_at", label=_("Created"), sort_key="created_at"),
        ]  # fmt: skip


class PayoutView(RecordView):
    rights = ("view_payout",)
    queryset = Payout.objects.select_related("person", "program", "confirmed_by")

    def facts(self) -> list[tuple[str, Any]]:
        payout: Payout = self.object
        return [
            (_("To"), f"{payout.person} · {payout.person.email}"),
            (_("Amount"), payout.amount),
            (_("Programme"), payout.program),
            (_("Paid by"), provider_label(payout.provider)),
            (_("State"), payout.get_state_display()),
            (_("Confirmed by"), payout.confirmed_by or _("the rule")),
            (_("Created"), when(payout.created_at)),
            (_("Next try"), when(payout.next_try_at)),
            (_("Reference"), payout.public_id),
        ]

    def tables(self) -> list[Table]:
        items = PayoutItem.objects.filter(payout=self.object).select_related("reward").order_by("pk")
        return [
            Table(
                [
                    TitleColumn(
                        "reward", label=_("Reward"), url_name="referral_rewards:inspect", id_accessor="reward_id"
                    ),
                    Column("reward.amount", label=_("Value")),
                    Column("released", label=_("Given back"), accessor=lambda i: _("yes") if i.released else _("no")),
                ],
                items,
                caption=_("Rewards in it"),
            ),
            Table(
                [
                    Column("number", label=_("Attempt")),
                    Column("tries", label=_("Tries")),
                    Column("outcome", label=_("Outcome")),
                    Column("provider_ref", label=_("Provider’s reference")),
                    Column("idempotency_key", label=_("Key")),
                    DateColumn("created_at", label=_("Begun")),
                    DateColumn("finished_at", label=_("Finished")),
                ],
                self.object.attempts.all(),
                caption=_("Attempts"),
            ),
            audit_table(self.object.changes.all(), dict(PayoutState.choices)),
        ]


class PayoutViewSet(RecordViewSet):
    model = Payout
    name = "referral_payouts"
    url_prefix = "referrals/payouts"
    icon = "redirect"
    index_view_class = PayoutListView
    inspect_view_class = PayoutView
    filterset_class = PayoutFilterSet
    search_fields = ["person__name", "person__email"]
