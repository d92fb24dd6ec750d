"""The review desk: flagged friends, why, and the decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn

from referral_blocks.flows.review_referral import review_referral
from referral_blocks.referrals.models import Referral, ReferralChange, Review

from .columns import LinesColumn, PersonColumn, Step, StepsColumn
from .desk import DeskView, DeskViewSet
from .filters import ProgramFilterSet
from .labels import cause
from .steps import NoteForm, StepView


def cause_lines(referral: Referral) -> list[str]:
    """Why it was flagged, in words."""
    flags = [change for change in referral.changes.all() if change.to_state == Review.FLAGGED]
    return [cause(flag.reason) for flag in flags]


def flagged() -> QuerySet[Referral]:
    """Flagged referrals, longest waiting first."""
    changes = Prefetch("changes", ReferralChange.objects.filter(field="review"))
    return (
        Referral.objects.filter(review=Review.FLAGGED)
        .select_related("friend", "referrer__person", "program")
        .prefetch_related(changes)
        .order_by("attributed_at", "pk")
    )


class ReviewFilterSet(ProgramFilterSet):
    class Meta:
        model = Referral
        fields: tuple[str, ...] = ()


class ReviewDeskView(DeskView):
    rights = ("review_referral",)
    page_title = gettext_lazy("Friends to review")
    header_icon = "warning"
    verbose_name_plural = gettext_lazy("friends to review")
    filterset_class = ReviewFilterSet
    search_fields = ["friend__name", "friend__email", "referrer__person__name", "referrer__person__email"]

    def get_base_queryset(self) -> QuerySet[Referral]:
        return flagged()

    @cached_property
    def columns(self) -> list[Column]:
        return [
            PersonColumn("friend", label=_("Friend")),
            PersonColumn("referrer.person", label=_("Referrer")),
            Column("program", label=_("Programme")),
            Column("get_stage_display", label=_("Stage")),
            LinesColumn("causes", label=_("Flagged, because"), accessor=cause_lines),
            DateColumn("attributed_at", label=_("Since"), sort_key="attributed_at"),
            StepsColumn(_("Steps"), self.steps),
        ]

    def steps(self, referral: Referral) -> Iterator[Step]:
        yield Step(_("Decide"), reverse("referral_review_desk:decide", args=[referral.pk]), primary=True)


class DecisionForm(NoteForm):
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        widget=forms.RadioSelect,
        choices=[
            ("approve", pgettext_lazy("decision", "This is fine: its rewards no longer wait for the review")),
            ("block", pgettext_lazy("decision", "Block it: its waiting rewards are cancelled, for good")),
        ],
    )
    field_order = ["decision", "note"]


class DecideView(StepView):
    rights = ("review_referral",)
    queryset = Referral.objects.select_related("friend", "referrer__person", "program")
    form_class = DecisionForm
    page_title = gettext_lazy("Decide about a flagged friend")
    header_icon = "warning"
    submit_label = gettext_lazy("Save the decision")
    back_label = ReviewDeskView.page_title
    back_url_name = "referral_review_desk:index"

    def over(self) -> str:
        if self.object.review == Review.FLAGGED:
            return ""
        return _("“%(friend)s” needs no decision: %(review)s.") % {
            "friend": self.object.friend, "review": self.object.get_review_display(),
        }  # fmt: skip

    def facts(self) -> list[tuple[str, Any]]:
        referral: Referral = self.object
        return [
            (_("Friend"), f"{referral.friend} · {referral.friend.email}"),
            (_("Referrer"), f"{referral.referrer} · {referral.referrer.person.email}"),
            (_("Programme"), referral.program),
            (_("Stage"), referral.get_stage_display()),
            (_("Flagged, because"), "\n".join(cause_lines(referral))),
        ]

    def run(self, data: dict[str, Any]) -> None:
        approve = data["decision"] == "approve"
        done = review_referral(referral=self.object, approve=approve, note=data["note"], actor=self.request.user)
        yes = _("“%(friend)s” was reviewed: fine.") if approve else _("“%(friend)s” was blocked.")
        before = _("“%(friend)s” was decided so before. Nothing has changed.")
        names = {"friend": self.object.friend}
        self.tell(done, yes % names, before % names)


class ReviewDeskViewSet(DeskViewSet):
    name = "referral_review_desk"
    url_prefix = "referrals/review-desk"
    icon = "warning"
    menu_label = gettext_lazy("Friends to review")
    desk_view = ReviewDeskView
    steps = (("decide", "decide", DecideView),)
