"""What waits, counted on Wagtail's first page and linked to the desks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import ngettext_lazy
from wagtail.admin.site_summary import SummaryItem

from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.selectors import active_stops
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.rewards.models import PendingReason, Reason, RewardState

from .payout_desk import needing_a_person
from .permissions import may


class WaitingItem(SummaryItem):
    """One number with its words and its link."""

    template_name = "referral_blocks/admin/waiting_item.html"
    right = ""
    icon_name = ""
    url_name = ""
    words: Any = ""

    def is_shown(self) -> bool:
        return may(self.request.user, self.right)

    def count(self) -> int:
        raise NotImplementedError

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        n = self.count()
        return {
            "icon_name": self.icon_name,
            "url": reverse(self.url_name),
            "words": self.words % {"count": n},
            "count": n,
        }


class RewardsToApprove(WaitingItem):
    order = 410
    right = "approve_reward"
    icon_name = "time"
    url_name = "referral_reward_desk:index"
    words = ngettext_lazy("%(count)d reward to approve", "%(count)d rewards to approve", "count")

    def count(self) -> int:
        return PendingReason.objects.filter(reason=Reason.APPROVAL, reward__state=RewardState.PENDING).count()


class OpenHandovers(WaitingItem):
    order = 420
    right = "mark_handed_over"
    icon_name = "pick"
    url_name = "referral_handover_desk:index"
    words = ngettext_lazy("%(count)d reward to hand over", "%(count)d rewards to hand over", "count")

    def count(self) -> int:
        return Handover.objects.filter(handed_over_at=None).count()


class FriendsToReview(WaitingItem):
    order = 430
    right = "review_referral"
    icon_name = "warning"
    url_name = "referral_review_desk:index"
    words = ngettext_lazy("%(count)d friend to review", "%(count)d friends to review", "count")

    def count(self) -> int:
        return Referral.objects.filter(review=Review.FLAGGED).count()


class PayoutsThatNeedAPerson(WaitingItem):
    order = 440
    right = "resolve_payout"
    icon_name = "warning"
    url_name = "referral_payout_desk:index"
    words = ngettext_lazy("%(count)d payout needs a person", "%(count)d payouts need a person", "count")

    def count(self) -> int:
        return needing_a_person().count()


class SendingStopped(WaitingItem):
    """Shown while something is stopped; nothing to say otherwise."""

    order = 450
    right = "stop_payouts"
    icon_name = "warning"
    url_name = "referral_sending:index"
    words = ngettext_lazy("%(count)d way of paying is stopped", "%(count)d ways of paying are stopped", "count")

    def is_shown(self) -> bool:
        return super().is_shown() and self.count() > 0

    def count(self) -> int:
        return active_stops().count()


def add_summary_items(request: HttpRequest, items: list[SummaryItem]) -> None:
    """Hook of Wagtail's first page."""
    items += [
        RewardsToApprove(request),
        OpenHandovers(request),
        FriendsToReview(request),
        PayoutsThatNeedAPerson(request),
        SendingStopped(request),
    ]
