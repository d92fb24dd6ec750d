"""The reward desk: rewards that wait, why, until when, and what staff may do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn

from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.pay_reward import waits_for_claim
from referral_blocks.flows.release_hold import release_hold
from referral_blocks.rewards.models import PendingReason, Reason, Reward, RewardState

from .columns import LinesColumn, PersonColumn, Step, StepsColumn
from .desk import DeskView, DeskViewSet
from .filters import ProgramFilterSet
from .steps import NoteForm, StepView
from .when import when

# What “approve” takes away: a reward that could not be sent is sent again.
APPROVABLE = (Reason.APPROVAL, Reason.PROVIDER_ERROR)


def waiting() -> QuerySet[Reward]:
    """Pending rewards, oldest first, with all that a row shows."""
    return (
        Reward.objects.filter(state=RewardState.PENDING)
        .select_related("person", "program", "referral__friend", "referral__referrer__person")
        .prefetch_related("pending_reasons")
        .order_by("created_at", "pk")
    )


def reason_line(reason: PendingReason) -> str:
    """The reason in words, with its date when it has one."""
    if reason.until is None:
        return reason.get_reason_display()
    return _("%(reason)s (until %(date)s)") % {"reason": reason.get_reason_display(), "date": when(reason.until)}


def reason_lines(reward: Reward) -> list[str]:
    return [reason_line(reason) for reason in reward.pending_reasons.all()]


def whose_friend(reward: Reward) -> list[tuple[str, Any]]:
    """Which friend it was earned with, and whose. A prize, a group's reward and what points bought have none."""
    referral = reward.referral
    referrer = reward.referrer if referral is None else referral.referrer
    return [(_("Friend"), referral.friend if referral else "–"), (_("Referrer"), referrer or "–")]


def review_url(reward: Reward) -> str:
    """Where the review is decided that it waits for. A prize waits for those of all of its owner's friends."""
    if reward.referral_id is not None:
        return reverse("referral_review_desk:decide", args=[reward.referral_id])
    return f"{reverse('referral_review_desk:index')}?{urlencode({'q': reward.person.email})}"


class RewardDeskFilterSet(ProgramFilterSet):
    reason = django_filters.ChoiceFilter(
        label=gettext_lazy("Waits for"), field_name="pending_reasons__reason", choices=Reason.choices
    )

    class Meta:
        model = Reward
        fields: tuple[str, ...] = ()


class RewardDeskView(DeskView):
    rights = ("approve_reward", "release_hold", "review_referral")
    page_title = gettext_lazy("Rewards that wait")
    header_icon = "time"
    verbose_name_plural = gettext_lazy("rewards that wait")
    filterset_class = RewardDeskFilterSet
    search_fields = ["person__name", "person__email", "title"]

    def get_base_queryset(self) -> QuerySet[Reward]:
        return waiting()

    @cached_property
    def columns(self) -> list[Column]:
        return [
            PersonColumn("person", label=_("For")),
            Column("title", label=_("Reward")),
            Column("amount", label=_("Value")),
            Column("program", label=_("Programme")),
            LinesColumn("reasons", label=_("Waits, because"), accessor=reason_lines, classname="rb-wide"),
            DateColumn("created_at", label=_("Earned"), sort_key="created_at"),
            StepsColumn(_("Steps"), self.steps),
        ]

    def steps(self, reward: Reward) -> Iterator[Step]:
        reasons = {reason.reason for reason in reward.pending_reasons.all()}
        if reasons.intersection(APPROVABLE) and self.may("approve_reward"):
            label = _("Send it again") if Reason.PROVIDER_ERROR in reasons else _("Approve")
            yield Step(label, reverse("referral_reward_desk:approve", args=[reward.pk]), primary=True)
        if Reason.HOLD in reasons and self.may("release_hold"):
            yield Step(_("End the hold"), reverse("referral_reward_desk:release", args=[reward.pk]))
        if Reason.REVIEW in reasons and self.may("review_referral"):
            yield Step(_("Review"), review_url(reward))


class RewardStepView(StepView):
    """A step about one reward."""

    queryset = Reward.objects.select_related(
        "person", "program", "referrer__person", "referral__friend", "referral__referrer__person"
    )
    back_label = RewardDeskView.page_title
    back_url_name = "referral_reward_desk:index"
    reasons: tuple[str, ...] = ()

    def over(self) -> str:
        if self.object.state == RewardState.VOID:
            return _("This reward was cancelled.")
        if not PendingReason.objects.filter(reward=self.object, reason__in=self.reasons).exists():
            return self.before()
        return ""

    def before(self) -> str:
        raise NotImplementedError

    def facts(self) -> list[tuple[str, Any]]:
        reward: Reward = self.object
        return [
            (_("Reward"), reward.title),
            (_("Value"), reward.amount),
            (_("For"), f"{reward.person} · {reward.person.email}"),
            (_("Programme"), reward.program),
            *whose_friend(reward),
            (_("Waits, because"), "\n".join(reason_lines(reward))),
        ]

    def what_now(self) -> str:
        """What the reward waits for after this step."""
        if left := reason_lines(self.object):
            return _("It still waits: %(reasons)s.") % {"reasons": "; ".join(left)}
        if self.object.state != RewardState.APPROVED:
            return _("It is on its way.")
        if waits_for_claim(reward=self.object):
            return _("It is sent once its owner has asked for it.")
        return _("It goes out with the next payout run.")


class ApproveView(RewardStepView):
    rights = ("approve_reward",)
    page_title = gettext_lazy("Approve this reward")
    header_icon = "success"
    submit_label = gettext_lazy("Approve")
    reasons = APPROVABLE

    def before(self) -> str:
        return _("This reward was approved before. Nothing has changed.")

    def run(self, data: dict[str, Any]) -> None:
        done = approve_reward(reward=self.object, actor=self.request.user)
        yes = _("“%(reward)s” for %(person)s was approved.") % {"reward": self.object, "person": self.object.person}
        self.tell(done, f"{yes} {self.what_now()}", self.before())


class ReleaseHoldView(RewardStepView):
    rights = ("release_hold",)
    form_class = NoteForm
    page_title = gettext_lazy("End the hold early")
    header_icon = "time"
    submit_label = gettext_lazy("End the hold")
    reasons = (Reason.HOLD,)

    def before(self) -> str:
        return _("This reward’s hold is over already. Nothing has changed.")

    def run(self, data: dict[str, Any]) -> None:
        done = release_hold(reward=self.object, actor=self.request.user, note=data["note"])
        yes = _("The hold of “%(reward)s” for %(person)s is over.") % {
            "reward": self.object, "person": self.object.person,
        }  # fmt: skip
        self.tell(done, f"{yes} {self.what_now()}", self.before())


class RewardDeskViewSet(DeskViewSet):
    name = "referral_reward_desk"
    url_prefix = "referrals/reward-desk"
    icon = "time"
    menu_label = gettext_lazy("Rewards that wait")
    desk_view = RewardDeskView
    steps = (("approve", "approve", ApproveView), ("release-hold", "release", ReleaseHoldView))
