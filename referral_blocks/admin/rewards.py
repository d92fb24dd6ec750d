"""All rewards, read only; what waits is worked off on the reward desk."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn, Table, TitleColumn

from referral_blocks.payouts.models import PayoutItem
from referral_blocks.rewards.models import Reason, Reward, RewardState, Side

from .columns import PersonColumn
from .filters import ProgramFilterSet, date_range
from .labels import provider_label
from .records import RecordListView, RecordView, RecordViewSet, audit_table
from .reward_desk import reason_lines, whose_friend
from .when import when


class RewardFilterSet(ProgramFilterSet):
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=RewardState.choices)
    side = django_filters.ChoiceFilter(label=gettext_lazy("Side"), choices=Side.choices)
    created_at = date_range("created_at", gettext_lazy("Earned"))

    class Meta:
        model = Reward
        fields: tuple[str, ...] = ()


class RewardListView(RecordListView):
    rights = ("view_reward",)
    default_ordering = "-created_at"

    def get_base_queryset(self) -> QuerySet[Reward]:
        return Reward.objects.select_related("person", "program")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            TitleColumn("title", label=_("Reward"), get_url=self.get_inspect_url, sort_key="title"),
            PersonColumn("person", label=_("For")),
            Column("get_side_display", label=_("Side")),
            Column("amount", label=_("Value"), sort_key="amount_minor"),
            Column("program", label=_("Programme")),
            StatusTagColumn(
                "state", label=_("State"), accessor="get_state_display",
                primary=lambda reward: reward.state == RewardState.ISSUED, sort_key="state",
            ),
            DateColumn("created_at", label=_("Earned"), sort_key="created_at"),
        ]  # fmt: skip


class RewardView(RecordView):
    rights = ("view_reward",)
    queryset = Reward.objects.select_related(
        "person", "program", "sale", "referrer__person", "referral__friend", "referral__referrer__person"
    )

    def facts(self) -> list[tuple[str, Any]]:
        reward: Reward = self.object
        return [
            (_("Reward"), reward.title),
            (_("Value"), reward.amount),
            (_("For"), f"{reward.person} · {reward.person.email}"),
            (_("Side"), reward.get_side_display()),
            (_("Programme"), reward.program),
            *whose_friend(reward),
            (_("Sale"), reward.sale or "–"),
            (_("State"), reward.get_state_display()),
            (_("Waits, because"), "\n".join(reason_lines(reward)) or "–"),
            (_("Paid by"), provider_label(reward.method)),
            (_("Instructions for staff"), reward.instructions or "–"),
            (_("Earned"), when(reward.created_at)),
        ]

    def tables(self) -> list[Table]:
        words = {**dict(RewardState.choices), **dict(Reason.choices)}
        payouts = PayoutItem.objects.filter(reward=self.object).select_related("payout__person").order_by("pk")
        return [
            Table(
                [
                    TitleColumn(
                        "payout", label=_("Payout"), url_name="referral_payouts:inspect", id_accessor="payout_id"
                    ),
                    Column("payout.get_state_display", label=_("State")),
                    DateColumn("payout.created_at", label=_("Created")),
                ],
                payouts,
                caption=_("Payouts"),
            ),
            audit_table(self.object.changes.all(), words),
        ]


class RewardViewSet(RecordViewSet):
    model = Reward
    name = "referral_rewards"
    url_prefix = "referrals/rewards"
    icon = "pick"
    index_view_class = RewardListView
    inspect_view_class = RewardView
    filterset_class = RewardFilterSet
    search_fields = ["title", "person__name", "person__email"]
