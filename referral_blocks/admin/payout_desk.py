"""The payout desk: payouts that the machine cannot bring to an end by itself, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn

from referral_blocks.core.conf import get_conf
from referral_blocks.payouts.models import Parked, Payout, PayoutChange, PayoutItem, PayoutReversal, PayoutState
from referral_blocks.payouts.registry import is_registered, payout_provider_choices
from referral_blocks.payouts.reversals import LIVE
from referral_blocks.rewards.models import PendingReason, Reason

from .columns import LinesColumn, PersonColumn, Step, StepsColumn
from .desk import DeskView, DeskViewSet
from .filters import ProgramFilterSet
from .labels import provider_label
from .payout_steps import AskView, CameBackView, ResolveView, ResumeView, ReverseView, steps_for
from .permissions import may

SILENCE = timedelta(days=1)  # a provider that has not answered by then will not
UNFINISHED = (PayoutState.CONFIRMED, PayoutState.SENDING, PayoutState.SENT, PayoutState.FAILED_RETRYABLE)


def needing_a_person() -> QuerySet[Payout]:
    """Parked, of unknown outcome, with a provider that is no longer there, taken back without an answer, or failed with
    rewards that still wait to be sent again; oldest first."""
    waiting = PendingReason.objects.filter(reason=Reason.PROVIDER_ERROR, reward=OuterRef("reward_id"))
    undone = PayoutItem.objects.filter(Exists(waiting), payout=OuterRef("pk"))
    gone = ~Q(provider__in=get_conf().PAYOUT_PROVIDERS) & Q(state__in=UNFINISHED)
    silent = PayoutReversal.objects.filter(
        payout=OuterRef("pk"), outcome__in=LIVE, created_at__lt=timezone.now() - SILENCE
    )
    said = Prefetch("changes", PayoutChange.objects.exclude(note="").order_by("-pk"), to_attr="said")
    return (
        Payout.objects.filter(
            ~Q(parked="")
            | Q(state=PayoutState.UNKNOWN)
            | gone
            | Q(Exists(silent))
            | Q(Exists(undone), state=PayoutState.FAILED_FINAL)
        )
        .select_related("person", "program")
        .prefetch_related(said)
        .order_by("created_at", "pk")
    )


def why_lines(payout: Payout) -> list[str]:
    """Its state, why it is not tried again, and the last thing that the provider or a person said."""
    lines = [payout.get_state_display(), payout.get_parked_display()]
    if not is_registered(payout.provider):
        lines.append(_("This way of paying was taken out of the settings."))
    lines += [change.note for change in payout.said[:1]]  # type: ignore[attr-defined]
    return [line for line in lines if line]


class PayoutDeskFilterSet(ProgramFilterSet):
    provider = django_filters.ChoiceFilter(label=gettext_lazy("Paid by"), choices=payout_provider_choices)
    parked = django_filters.ChoiceFilter(label=gettext_lazy("Waits for a person"), choices=Parked.choices)

    class Meta:
        model = Payout
        fields: tuple[str, ...] = ()


class PayoutDeskView(DeskView):
    rights = ("resolve_payout",)
    page_title = gettext_lazy("Payouts that need a person")
    header_icon = "warning"
    verbose_name_plural = gettext_lazy("payouts that need a person")
    filterset_class = PayoutDeskFilterSet
    search_fields = ["person__name", "person__email", "provider_ref"]

    def get_base_queryset(self) -> QuerySet[Payout]:
        return needing_a_person()

    @cached_property
    def columns(self) -> list[Column]:
        return [
            PersonColumn("person", label=_("To"), get_url=self.url),
            Column("amount", label=_("Amount")),
            Column("program", label=_("Programme")),
            Column("provider", label=_("Paid by"), accessor=lambda payout: provider_label(payout.provider)),
            LinesColumn("why", label=_("Why"), accessor=why_lines, classname="rb-wide"),
            DateColumn("created_at", label=_("Created"), sort_key="created_at"),
            StepsColumn(_("Steps"), self.steps),
        ]

    def url(self, payout: Payout) -> str | None:
        if not self.may("view_payout"):
            return None
        return reverse("referral_payouts:inspect", args=[payout.pk])

    def steps(self, payout: Payout) -> Iterator[Step]:
        yield from steps_for(payout, self.request.user)
        if payout.state == PayoutState.FAILED_FINAL and may(self.request.user, "approve_reward"):
            yield Step(_("Send its rewards again"), f"{reverse('referral_reward_desk:index')}?reason=provider_error")


class PayoutDeskViewSet(DeskViewSet):
    name = "referral_payout_desk"
    url_prefix = "referrals/payout-desk"
    icon = "warning"
    menu_label = gettext_lazy("Payouts that need a person")
    desk_view = PayoutDeskView
    steps: tuple[tuple[str, str, Any], ...] = (
        ("ask", "ask", AskView),
        ("resume", "resume", ResumeView),
        ("resolve", "resolve", ResolveView),
        ("reverse", "reverse", ReverseView),
        ("came-back", "came-back", CameBackView),
    )
