"""The review desk: flagged friends, why, and the decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Prefetch, QuerySet
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from wagtail.admin.ui.tables import Column
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.flows.review_referral import review_referral
from referral_blocks.fraud.models import SignalSide
from referral_blocks.fraud.selectors import review_queue, side_states
from referral_blocks.referrals.models import Referral, ReferralChange, Review

from .bulk_review import BulkReviewView
from .columns import LinesColumn, PersonColumn, Step, StepsColumn
from .desk import DeskView, DeskViewSet
from .filters import ProgramFilterSet
from .labels import cause
from .steps import NoteForm, StepView


def cause_lines(referral: Referral) -> list[str]:
    """Why it was flagged, in words; the audit's reason where no check has spoken."""
    if signals := [signal.evidence for signal in referral.risk_signals.all()]:
        return list(dict.fromkeys(signals))
    flags = [change for change in referral.changes.all() if change.to_state == Review.FLAGGED]
    return [cause(flag.reason) for flag in flags]


def waited(referral: Referral) -> str:
    """Since when it waits, and whether that is too long."""
    since = timesince(referral.flagged_at)
    return _("%(since)s, overdue") % {"since": since} if referral.escalated else since


def flagged() -> QuerySet[Referral]:
    """Flagged referrals, longest waiting first."""
    changes = Prefetch("changes", ReferralChange.objects.filter(field="review"))
    return (
        review_queue().select_related("friend", "referrer__person", "program").prefetch_related(changes, "risk_signals")
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
            Column("risk_score", label=_("Risk"), sort_key="risk_score"),
            Column("waited", label=_("Waiting for"), accessor=waited, sort_key="flagged_at"),
            StepsColumn(_("Steps"), self.steps),
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        url = reverse("referral_review_desk:by_score")
        return [HeaderButton(_("Decide by score"), url=url, icon_name="list-ol")]

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
    side = forms.ChoiceField(
        label=gettext_lazy("About"),
        required=False,
        initial=SignalSide.BOTH,
        widget=forms.RadioSelect,
        choices=SignalSide.choices,
        help_text=gettext_lazy("The other side of a single decision goes on waiting if it was flagged, too."),
    )
    field_order = ["decision", "side", "note"]


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
            (_("Risk"), _("%(score)d of 100") % {"score": referral.risk_score}),
            (_("Flagged, because"), "\n".join(cause_lines(referral))),
            (
                _("Undecided"),
                ", ".join(str(SignalSide(side).label) for side in sorted(side_states(referral=referral).open)),
            ),
        ]

    def run(self, data: dict[str, Any]) -> None:
        approve = data["decision"] == "approve"
        done = review_referral(
            referral=self.object,
            approve=approve,
            note=data["note"],
            actor=self.request.user,
            side=data["side"] or SignalSide.BOTH,
        )
        yes = _("“%(friend)s” was reviewed: fine.") if approve else _("“%(friend)s” was blocked.")
        if self.object.review == Review.FLAGGED:
            yes = _("The decision about one side of “%(friend)s” is saved. The other side still waits.")
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

    def get_urlpatterns(self) -> list[Any]:
        return [*super().get_urlpatterns(), path("by-score/", BulkReviewView.as_view(), name="by_score")]
