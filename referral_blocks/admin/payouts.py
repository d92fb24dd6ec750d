"""Payouts with every conversation that a provider had about them, read only."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn, Table, TitleColumn, UserColumn
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.core.money import Money
from referral_blocks.payouts.models import Parked, Payout, PayoutItem, PayoutReversal, PayoutState
from referral_blocks.payouts.registry import payout_provider_choices
from referral_blocks.payouts.run import PayoutRun
from referral_blocks.payouts.runs import OPEN

from .columns import PersonColumn
from .filters import ProgramFilterSet, date_range
from .labels import provider_label
from .payout_steps import steps_for
from .permissions import may
from .records import RecordListView, RecordView, RecordViewSet, audit_table
from .run_steps import ExcludeView
from .when import when


def runs(request: HttpRequest | None) -> QuerySet[PayoutRun]:
    return PayoutRun.objects.select_related("program")


class PayoutFilterSet(ProgramFilterSet):
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=PayoutState.choices)
    provider = django_filters.ChoiceFilter(label=gettext_lazy("Paid by"), choices=payout_provider_choices)
    parked = django_filters.ChoiceFilter(label=gettext_lazy("Waits for a person"), choices=Parked.choices)
    run = django_filters.ModelChoiceFilter(label=gettext_lazy("Run"), queryset=runs)
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
            Column("parked", label=_("Waits for a person"), accessor=lambda payout: payout.get_parked_display() or "–"),
            Column("provider_ref", label=_("Reference"), accessor=lambda payout: payout.provider_ref or "–"),
            DateColumn("created_at", label=_("Created"), sort_key="created_at"),
        ]  # fmt: skip


class PayoutView(RecordView):
    rights = ("view_payout",)
    queryset = Payout.objects.select_related("person", "program", "confirmed_by", "run__program")

    def facts(self) -> list[tuple[str, Any]]:
        payout: Payout = self.object
        return [
            (_("To"), f"{payout.person} · {payout.person.email}"),
            (_("Amount"), payout.amount),
            (_("Programme"), payout.program),
            (_("Paid by"), provider_label(payout.provider)),
            (_("State"), payout.get_state_display()),
            (_("Confirmed by"), confirmed_by(payout)),
            (_("Created"), when(payout.created_at)),
            (_("Next try"), when(payout.next_try_at)),
            (_("Waits for a person"), payout.get_parked_display() or "–"),
            (_("Run"), payout.run or "–"),
            (_("Taken back"), Money(payout.reversed_minor, payout.currency) if payout.reversed_minor else "–"),
            (_("Our reference"), payout.public_id),
            (_("Provider’s reference"), payout.provider_ref or "–"),
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        payout: Payout = self.object
        buttons = [HeaderButton(step.label, url=step.url) for step in steps_for(payout, self.request.user)]
        draft = payout.state == PayoutState.DRAFT and payout.run is not None and payout.run.state in OPEN
        if draft and may(self.request.user, "confirm_payout"):
            buttons.append(HeaderButton(_("Take it out of its run"), url=exclude_url(payout), icon_name="cross"))
        return buttons

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
            reversals_table(self.object),
            audit_table(self.object.changes.all(), dict(PayoutState.choices)),
        ]


def confirmed_by(payout: Payout) -> str:
    """Who, as far as the audit trail knows; an account may be gone by now."""
    if payout.confirmed_by is not None:
        return str(payout.confirmed_by)
    step = payout.changes.filter(field="state", to_state=PayoutState.CONFIRMED).first()
    if step is None:
        return "–"
    return _("the rule") if step.reason == "rule" else _("somebody whose account is deleted")


def exclude_url(payout: Payout) -> str:
    return reverse("referral_payouts:exclude", args=[payout.pk])


def reversals_table(payout: Payout) -> Table:
    """What was taken back, or is being taken back, from whom by whose word."""

    def amount(reversal: PayoutReversal) -> Money:
        return Money(reversal.amount_minor, payout.currency)

    return Table(
        [
            Column("amount", label=_("Amount"), accessor=amount),
            Column("outcome", label=_("Outcome")),
            Column("provider_ref", label=_("Provider’s reference")),
            UserColumn("actor", label=_("Who"), blank_display_name=_("the system")),
            Column("note", label=_("Note")),
            DateColumn("created_at", label=_("Begun")),
            DateColumn("finished_at", label=_("Finished")),
        ],
        payout.reversals.select_related("actor__wagtail_userprofile"),
        caption=_("Taken back"),
    )


class PayoutViewSet(RecordViewSet):
    model = Payout
    name = "referral_payouts"
    url_prefix = "referrals/payouts"
    icon = "redirect"
    index_view_class = PayoutListView
    inspect_view_class = PayoutView
    filterset_class = PayoutFilterSet
    search_fields = ["person__name", "person__email", "provider_ref"]

    def get_urlpatterns(self) -> list[URLPattern]:
        return [*super().get_urlpatterns(), path("<int:pk>/exclude/", ExcludeView.as_view(), name="exclude")]
