"""Friends whom referrers brought, read only; flagged ones are decided about on the review desk."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn, Table, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.referrals.models import AttributionMethod, Referral, Review, Stage
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale

from .columns import PersonColumn
from .filters import ProgramFilterSet, date_range
from .friend_steps import ContactedView, UnqualifyView, WithdrawView, buttons_for
from .permissions import may
from .records import RecordListView, RecordView, RecordViewSet, audit_table
from .when import when


class ReferralFilterSet(ProgramFilterSet):
    stage = django_filters.ChoiceFilter(label=gettext_lazy("Stage"), choices=Stage.choices)
    review = django_filters.ChoiceFilter(label=gettext_lazy("Review"), choices=Review.choices)
    attribution_method = django_filters.ChoiceFilter(
        label=gettext_lazy("Credited by"), choices=AttributionMethod.choices
    )
    attributed_at = date_range("attributed_at", gettext_lazy("Credited"))

    class Meta:
        model = Referral
        fields: tuple[str, ...] = ()


class ReferralListView(RecordListView):
    rights = ("view_referral",)
    page_title = gettext_lazy("Friends")
    default_ordering = "-attributed_at"

    def get_base_queryset(self) -> QuerySet[Referral]:
        return Referral.objects.select_related("friend", "referrer__person", "program")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            PersonColumn("friend", label=_("Friend"), get_url=self.get_inspect_url, sort_key="friend__name"),
            PersonColumn("referrer.person", label=_("Referrer")),
            Column("program", label=_("Programme")),
            StatusTagColumn(
                "stage", label=_("Stage"), accessor="get_stage_display",
                primary=lambda referral: referral.stage == Stage.QUALIFIED, sort_key="stage",
            ),
            Column("get_review_display", label=_("Review"), sort_key="review"),
            Column("get_attribution_method_display", label=_("Credited by")),
            DateColumn("attributed_at", label=_("Credited"), sort_key="attributed_at"),
        ]  # fmt: skip


class ReferralView(RecordView):
    rights = ("view_referral",)
    page_title = gettext_lazy("Friend")
    queryset = Referral.objects.select_related("friend", "referrer__person", "program", "link", "terms_version")

    def facts(self) -> list[tuple[str, Any]]:
        referral: Referral = self.object
        return [
            (_("Friend"), f"{referral.friend} · {referral.friend.email}"),
            (_("Phone"), referral.friend.phone or "–"),
            *((answer["label"], answer["text"]) for answer in referral.answers),
            (_("Referrer"), f"{referral.referrer} · {referral.referrer.person.email}"),
            (_("Programme"), referral.program),
            (_("Stage"), referral.get_stage_display()),
            (_("Review"), referral.get_review_display()),
            (_("Credited by"), referral.get_attribution_method_display()),
            (_("Code"), referral.link or "–"),
            (_("Credited"), when(referral.attributed_at)),
            (_("Time to buy ends"), when(referral.credit_expires_at)),
            (_("Became a customer"), when(referral.qualified_at)),
            (_("Accepted terms"), _("Version %(number)d") % {"number": referral.terms_version.number}),
        ]

    def tables(self) -> list[Table]:
        states = {**dict(Stage.choices), **dict(Review.choices)}
        return [
            Table(
                [
                    TitleColumn("external_id", label=_("Order number"), url_name="referral_sales:inspect"),
                    Column("amount", label=_("Amount")),
                    DateColumn("occurred_at", label=_("Sold")),
                ],
                Sale.objects.filter(referral=self.object),
                caption=_("Sales"),
            ),
            Table(
                [
                    TitleColumn("title", label=_("Reward"), url_name="referral_rewards:inspect"),
                    PersonColumn("person", label=_("For")),
                    Column("amount", label=_("Value")),
                    Column("get_state_display", label=_("State")),
                ],
                Reward.objects.filter(referral=self.object).select_related("person"),
                caption=_("Rewards"),
            ),
            audit_table(self.object.changes.all(), states),
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        buttons = list(buttons_for(self.object, self.request.user))
        if self.object.review == Review.FLAGGED and may(self.request.user, "review_referral"):
            url = reverse("referral_review_desk:decide", args=[self.object.pk])
            buttons.insert(0, HeaderButton(_("Decide"), url=url, icon_name="edit", priority=1))
        return buttons


class ReferralViewSet(RecordViewSet):
    model = Referral
    name = "referral_friends"
    url_prefix = "referrals/friends"
    icon = "group"
    menu_label = gettext_lazy("Friends")
    index_view_class = ReferralListView
    inspect_view_class = ReferralView
    filterset_class = ReferralFilterSet
    search_fields = ["friend__name", "friend__email", "referrer__person__name", "referrer__person__email"]

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/contacted/", ContactedView.as_view(), name="contacted"),
            path("<int:pk>/unqualify/", UnqualifyView.as_view(), name="unqualify"),
            path("<int:pk>/withdraw/", WithdrawView.as_view(), name="withdraw"),
        ]
