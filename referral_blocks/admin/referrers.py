"""Referrers, read only."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, NumberColumn, Table

from referral_blocks.analytics.standing import standing_of
from referral_blocks.links.models import ReferralLink, Visit
from referral_blocks.links.selectors import link_url
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrers.models import Referrer

from .columns import PersonColumn
from .filters import ProgramFilterSet, date_range
from .records import RecordListView, RecordView, RecordViewSet


class ReferrerFilterSet(ProgramFilterSet):
    joined_at = date_range("joined_at", gettext_lazy("Joined"))

    class Meta:
        model = Referrer
        fields: tuple[str, ...] = ()


def count_of(rows: QuerySet[Any], key: str) -> Coalesce:
    """A subquery that counts ``rows`` of the outer referrer: three joins would multiply one another."""
    counted = rows.filter(**{key: OuterRef("pk")}).order_by().values(key).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


class ReferrerListView(RecordListView):
    rights = ("view_referrer",)
    default_ordering = "-joined_at"

    def get_base_queryset(self) -> QuerySet[Referrer]:
        primary = ReferralLink.objects.filter(referrer=OuterRef("pk"), is_primary=True)
        return Referrer.objects.select_related("person", "program").annotate(
            code=Subquery(primary.values("code")[:1]),
            visit_count=count_of(Visit.objects.all(), "link__referrer"),
            friend_count=count_of(Referral.objects.all(), "referrer"),
            qualified_count=count_of(Referral.objects.filter(stage=Stage.QUALIFIED), "referrer"),
        )

    def search_queryset(self, queryset: QuerySet[Referrer]) -> QuerySet[Referrer]:
        """Also by any of a referrer's codes, without showing somebody with two of them twice."""
        words = self.search_query
        if not words:
            return queryset
        codes = ReferralLink.objects.filter(referrer=OuterRef("pk"), code__icontains=words)
        person = Q(person__name__icontains=words) | Q(person__email__icontains=words)
        return queryset.filter(person | Q(Exists(codes)))

    @cached_property
    def columns(self) -> list[Column]:
        return [
            PersonColumn("person", label=_("Referrer"), get_url=self.get_inspect_url, sort_key="person__name"),
            Column("program", label=_("Programme")),
            Column("code", label=_("Code")),
            NumberColumn("visit_count", label=_("Visits"), sort_key="visit_count"),
            NumberColumn("friend_count", label=_("Friends"), sort_key="friend_count"),
            NumberColumn("qualified_count", label=_("Customers"), sort_key="qualified_count"),
            DateColumn("joined_at", label=_("Joined"), sort_key="joined_at"),
        ]


class ReferrerView(RecordView):
    rights = ("view_referrer",)
    queryset = Referrer.objects.select_related("person", "program__site", "terms_version")

    def facts(self) -> list[tuple[str, Any]]:
        referrer: Referrer = self.object
        standing = standing_of(referrer=referrer)
        return [
            (_("Name"), referrer.person.name or "–"),
            (_("E-mail"), referrer.person.email),
            (_("Phone"), referrer.person.phone or "–"),
            (_("Programme"), referrer.program),
            (_("Accepted terms"), _("Version %(number)d") % {"number": referrer.terms_version.number}),
            (_("Friends may see the first name"), _("yes") if referrer.greeting_consent else _("no")),
            (_("Visits"), standing.visits),
            (_("Friends"), standing.friends),
            (_("Customers"), standing.qualified),
            (_("Rewards on their way"), standing.pending),
            (_("Rewards received"), standing.earned),
        ]

    def tables(self) -> list[Table]:
        links = ReferralLink.objects.filter(referrer=self.object).select_related("referrer__program__site")
        friends = Referral.objects.filter(referrer=self.object).select_related("friend")
        return [
            Table(
                [Column("code", label=_("Code")), Column("url", label=_("Link"), accessor=link_url)],
                links.order_by("-is_primary", "pk"),
                caption=_("Links"),
            ),
            Table(
                [
                    PersonColumn("friend", label=_("Friend")),
                    Column("get_stage_display", label=_("Stage")),
                    DateColumn("attributed_at", label=_("Credited")),
                ],
                friends,
                caption=_("Friends"),
            ),
        ]


class ReferrerViewSet(RecordViewSet):
    model = Referrer
    name = "referral_referrers"
    url_prefix = "referrals/referrers"
    icon = "user"
    index_view_class = ReferrerListView
    inspect_view_class = ReferrerView
    filterset_class = ReferrerFilterSet
    search_fields = ["person__name", "person__email"]
