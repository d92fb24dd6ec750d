"""People: what staff need when somebody asks for their data, or to be erased."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin.ui.tables import Column, DateColumn, NumberColumn, Table, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.people.models import Person
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward

from .columns import PersonColumn
from .erase_person import EraseView, WriteAgainView, erasure_facts
from .export_person import ExportView
from .permissions import may
from .records import RecordListView, RecordView, RecordViewSet
from .when import when

RIGHTS = ("export_person", "erase_person")


class PersonListView(RecordListView):
    rights = RIGHTS
    default_ordering = "-created_at"

    def get_base_queryset(self) -> QuerySet[Person]:
        return Person.objects.select_related("erasure")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            PersonColumn("self", label=_("Person"), accessor=lambda p: p, get_url=self.get_inspect_url),
            Column("phone", label=_("Phone")),
            DateColumn("created_at", label=_("Known since"), sort_key="created_at"),
            DateColumn("erased_at", label=_("Erasure asked"), sort_key="erased_at"),
            DateColumn("done_at", label=_("Erased"), accessor="erasure.done_at"),
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not may(self.request.user, "erase_person"):
            return []
        url = reverse("referral_people:write-again")
        return [HeaderButton(_("Write to an erased address again"), url=url, icon_name="mail")]


class PersonView(RecordView):
    rights = RIGHTS
    queryset = Person.objects.select_related("erasure__actor")

    def facts(self) -> list[tuple[str, Any]]:
        person: Person = self.object
        facts: list[tuple[str, Any]] = [
            (_("Name"), person.name or "–"),
            (_("E-mail"), person.email or "–"),
            (_("Phone"), person.phone or "–"),
            (_("Address verified"), when(person.email_verified_at) if person.email_verified_at else "–"),
            (_("Known since"), when(person.created_at)),
        ]
        return facts + erasure_facts(person)

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        person: Person = self.object
        if person.erased_at is not None:
            return []
        steps = (
            ("export_person", _("Download the data"), "referral_people:export", "download"),
            ("erase_person", _("Erase"), "referral_people:erase", "bin"),
        )
        return [
            HeaderButton(label, url=reverse(name, args=[person.pk]), icon_name=icon)
            for right, label, name, icon in steps
            if may(self.request.user, right)
        ]

    def tables(self) -> list[Table]:
        person: Person = self.object
        return [
            Table(
                [
                    Column("program", label=_("Programme")),
                    Column("site", label=_("Site"), accessor="program.site"),
                    DateColumn("joined_at", label=_("Joined")),
                ],
                Referrer.objects.filter(person=person).select_related("program__site"),
                caption=_("As a referrer"),
            ),
            Table(
                [
                    Column("program", label=_("Programme")),
                    Column("site", label=_("Site"), accessor="program.site"),
                    Column("get_stage_display", label=_("Stage")),
                    DateColumn("attributed_at", label=_("Credited")),
                ],
                Referral.objects.filter(friend=person).select_related("program__site"),
                caption=_("As a friend"),
            ),
            Table(
                [
                    TitleColumn("title", label=_("Reward")),
                    NumberColumn("amount", label=_("Value")),
                    Column("get_state_display", label=_("State")),
                    DateColumn("created_at", label=_("Earned")),
                ],
                Reward.objects.filter(person=person)[:50],
                caption=_("The newest rewards"),
            ),
        ]


class PersonViewSet(RecordViewSet):
    model = Person
    name = "referral_people"
    url_prefix = "referrals/people"
    icon = "user"
    index_view_class = PersonListView
    inspect_view_class = PersonView
    search_fields = ["name", "email", "phone"]

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *super().get_urlpatterns(),
            path("write-again/", WriteAgainView.as_view(), name="write-again"),
            path("<int:pk>/export/", ExportView.as_view(), name="export"),
            path("<int:pk>/erase/", EraseView.as_view(), name="erase"),
        ]
