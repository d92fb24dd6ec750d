"""The handover desk: custom rewards that staff give to people, open and done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_filters
from django import forms
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, UserColumn
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.flows.mark_handed_over import mark_handed_over, why_not
from referral_blocks.payouts.providers.manual.models import Handover, HandoverKind

from .columns import LinesColumn, PersonColumn, Step, StepsColumn
from .desk import DeskView, DeskViewSet
from .filters import programs
from .steps import OptionalNoteForm, StepView

DONE = "done"


class HandoverFilterSet(WagtailFilterSet):
    """Open ones unless “done” is chosen."""

    program = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Programme"), field_name="payout__program", queryset=programs
    )
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"),
        choices=[(DONE, gettext_lazy("Handed over"))],
        empty_label=gettext_lazy("Open"),
        method="of_state",
    )
    kind = django_filters.ChoiceFilter(label=gettext_lazy("Kind"), choices=HandoverKind.choices)

    def of_state(self, queryset: QuerySet[Handover], name: str, value: str) -> QuerySet[Handover]:
        return queryset

    class Meta:
        model = Handover
        fields: tuple[str, ...] = ()


class DueColumn(Column):
    """Until when; what is late says so in words, too."""

    cell_template_name = "referral_blocks/admin/cells/due.html"

    def get_cell_context_data(self, instance: Handover, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_cell_context_data(instance, parent_context)
        due = instance.due_on
        late = due is not None and instance.handed_over_at is None and due < timezone.localdate()
        return {**context, "value": date_format(due) if due else "–", "overdue": late}


def instruction_lines(handover: Handover) -> list[str]:
    lines = handover.instructions.splitlines()
    if handover.organisation:
        lines.insert(0, _("For %(organisation)s") % {"organisation": handover.organisation})
    return lines


class HandoverForm(OptionalNoteForm):
    proof = forms.CharField(
        label=gettext_lazy("Proof"), required=False,
        help_text=gettext_lazy("A receipt’s number, a tracking number or a link."),
    )  # fmt: skip


class HandoverDeskView(DeskView):
    rights = ("mark_handed_over", "view_handover")
    page_title = gettext_lazy("Rewards to hand over")
    header_icon = "pick"
    verbose_name_plural = gettext_lazy("rewards to hand over")
    filterset_class = HandoverFilterSet
    search_fields = ["title", "payout__person__name", "payout__person__email"]

    @cached_property
    def shows_done(self) -> bool:
        return self.request.GET.get("state") == DONE

    def get_base_queryset(self) -> QuerySet[Handover]:
        rows = Handover.objects.select_related(
            "payout__person", "payout__program", "handed_over_by__wagtail_userprofile"
        ).prefetch_related("payout__items__reward__referral")
        rows = rows.filter(handed_over_at__isnull=not self.shows_done)
        if self.shows_done:
            return rows.order_by("-handed_over_at", "-pk")
        # What is due first comes first, and so does what is overdue; what has no date comes after.
        return rows.order_by(F("due_on").asc(nulls_last=True), "created_at", "pk")

    @cached_property
    def columns(self) -> list[Column]:
        columns = [
            Column("title", label=_("What")),
            PersonColumn("payout.person", label=_("To"), with_phone=True),
            Column("payout.program", label=_("Programme")),
            Column("kind", label=_("Kind"), accessor="get_kind_display"),
            LinesColumn("instructions", label=_("Instructions"), accessor=self.lines),
            DueColumn("due_on", label=_("Due"), sort_key="due_on"),
            DateColumn("created_at", label=_("Since"), sort_key="created_at"),
        ]
        if self.shows_done:
            return [
                *columns,
                DateColumn("handed_over_at", label=_("Handed over"), sort_key="handed_over_at"),
                UserColumn("handed_over_by", label=_("By")),
                Column("note", label=_("Note")),
                Column("proof", label=_("Proof")),
            ]
        return [*columns, StepsColumn(_("Steps"), self.steps)]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if self.shows_done:
            return [HeaderButton(_("Show open ones"), url=self.index_url, icon_name="pick")]
        return [HeaderButton(_("Show done ones"), url=f"{self.index_url}?state={DONE}", icon_name="history")]

    def lines(self, handover: Handover) -> list[str]:
        refusal = "" if self.shows_done else self.refusal(handover)
        return [refusal] if refusal else instruction_lines(handover)

    def refusal(self, handover: Handover) -> str:
        if handover.pk not in self.refusals:
            self.refusals[handover.pk] = str(why_not(handover=handover))
        return self.refusals[handover.pk]

    @cached_property
    def refusals(self) -> dict[int, str]:
        """By handover, asked once a row."""
        return {}

    def steps(self, handover: Handover) -> Iterator[Step]:
        if self.may("mark_handed_over") and not self.refusal(handover):
            yield Step(_("Mark handed over"), reverse("referral_handover_desk:done", args=[handover.pk]), primary=True)


class HandedOverView(StepView):
    rights = ("mark_handed_over",)
    queryset = Handover.objects.select_related("payout__person", "payout__program", "handed_over_by")
    form_class = HandoverForm
    page_title = gettext_lazy("Mark as handed over")
    header_icon = "pick"
    submit_label = gettext_lazy("Yes, it was handed over")
    back_label = HandoverDeskView.page_title
    back_url_name = "referral_handover_desk:index"

    def over(self) -> str:
        return self.before() if self.object.handed_over_at else str(why_not(handover=self.object))

    def before(self) -> str:
        return _("“%(title)s” was marked as handed over before. Nothing has changed.") % {"title": self.object.title}

    def facts(self) -> list[tuple[str, Any]]:
        person = self.object.payout.person
        return [
            (_("What"), self.object.title),
            (_("To"), " · ".join(filter(None, (person.name, person.email, person.phone)))),
            (_("Value"), self.object.payout.amount),
            (_("Programme"), self.object.payout.program),
            (_("Kind"), self.object.get_kind_display()),
            (_("Due"), date_format(self.object.due_on) if self.object.due_on else "–"),
            (_("Instructions"), "\n".join(instruction_lines(self.object)) or "–"),
        ]

    def run(self, data: dict[str, Any]) -> None:
        done = mark_handed_over(handover=self.object, actor=self.request.user, note=data["note"], proof=data["proof"])
        yes = _("“%(title)s” is marked as handed over to %(person)s.") % {
            "title": self.object.title, "person": self.object.payout.person,
        }  # fmt: skip
        self.tell(done, yes, self.before())


class HandoverDeskViewSet(DeskViewSet):
    name = "referral_handover_desk"
    url_prefix = "referrals/handover-desk"
    icon = "pick"
    menu_label = gettext_lazy("Rewards to hand over")
    desk_view = HandoverDeskView
    steps = (("handed-over", "done", HandedOverView),)
