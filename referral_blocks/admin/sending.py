"""The switch that stops sending: what is stopped since when, by whom and why, and every turn of it before."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import BaseColumn, Column, DateColumn, Table, UserColumn
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet

from referral_blocks.flows.stop_sending import resume_sending, stop_sending
from referral_blocks.payouts.policy import EVERYTHING, SendingStop, SendingStopChange, StopCause
from referral_blocks.payouts.selectors import active_stops

from .columns import Step, StepsColumn
from .labels import provider_label
from .permissions import RequiresRight, may, menu_item_for
from .plan_run import outside_choices
from .steps import FlowFormView, NoteForm
from .when import when

RIGHT = "stop_payouts"
ALL = "all"  # EVERYTHING as an address has it
SHOWN = 50


def switch_label(provider: str) -> str:
    return _("Everything") if provider == EVERYTHING else provider_label(provider)


class Switch:
    """One switch as the page shows it; ``stop`` is None while it sends."""

    def __init__(self, provider: str, stop: SendingStop | None) -> None:
        self.provider, self.stop = provider, stop
        self.label = switch_label(provider)
        self.state = _("Stopped") if stop else _("Sending")

    @property
    def why(self) -> str:
        if self.stop is None:
            return "–"
        return ": ".join(filter(None, (self.stop.get_cause_display(), self.stop.note)))

    @property
    def who(self) -> str:
        if self.stop is None:
            return "–"
        return str(self.stop.stopped_by or (_("the system") if self.stop.cause != StopCause.PERSON else "–"))

    @property
    def since(self) -> str:
        return when(self.stop.created_at) if self.stop else "–"

    @property
    def until(self) -> str:
        if self.stop is None:
            return "–"
        return when(self.stop.until) if self.stop.until else _("somebody resumes it")

    def steps(self) -> list[Step]:
        address = ALL if self.provider == EVERYTHING else self.provider
        steps = []
        if self.stop is not None:
            steps.append(Step(_("Resume"), reverse("referral_sending:resume", args=[address]), primary=True))
        if self.stop is None or self.stop.cause != StopCause.PERSON:
            # The machine's stop ends by itself; a person's does not.
            steps.append(Step(_("Stop"), reverse("referral_sending:stop", args=[address])))
        return steps


def switches() -> list[Switch]:
    stops = {stop.provider: stop for stop in active_stops().select_related("stopped_by")}
    known = [EVERYTHING, *(alias for alias, _label in outside_choices())]
    return [Switch(provider, stops.get(provider)) for provider in [*known, *sorted(set(stops) - set(known))]]


class SendingView(RequiresRight, WagtailAdminTemplateMixin, TemplateView):
    rights = (RIGHT, "view_payout")
    template_name = "referral_blocks/admin/tables.html"
    page_title = gettext_lazy("Sending")
    header_icon = "lock"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        columns: list[BaseColumn] = [
            Column("label", label=_("What")),
            Column("state", label=_("State")),
            Column("since", label=_("Since")),
            Column("who", label=_("By")),
            Column("why", label=_("Why"), classname="rb-wide"),
            Column("until", label=_("Until")),
        ]
        if may(self.request.user, RIGHT):
            columns.append(StepsColumn(_("Steps"), Switch.steps))
        words = _("What is stopped waits and is lost nowhere; what a provider is being asked now comes to its end.")
        return {
            **super().get_context_data(**kwargs),
            "lines": [words],
            "tables": [Table(columns, switches(), caption=_("Now")), self.history()],
        }

    def history(self) -> Table:
        rows = SendingStopChange.objects.select_related("actor__wagtail_userprofile").order_by("-pk")[:SHOWN]
        return Table(
            [
                DateColumn("created_at", label=_("When")),
                Column("what", label=_("What"), accessor=lambda change: switch_label(change.provider)),
                Column("stopped", label=_("Turned"), accessor=lambda c: _("Stopped") if c.stopped else _("Resumed")),
                UserColumn("actor", label=_("Who"), blank_display_name=_("the system")),
                Column("cause", label=_("Cause"), accessor=lambda c: dict(StopCause.choices).get(c.cause, c.cause)),
                Column("note", label=_("Note")),
            ],
            rows,
            caption=_("Before"),
        )


class SwitchView(FlowFormView):
    """Turn one switch, with a note."""

    rights = (RIGHT,)
    form_class = NoteForm
    header_icon = "lock"
    back_label = SendingView.page_title
    back_url_name = "referral_sending:index"

    @cached_property
    def provider(self) -> str:
        given: str = self.kwargs["provider"]
        provider = EVERYTHING if given == ALL else given
        if provider not in {switch.provider for switch in switches()}:
            raise Http404
        return provider

    def facts(self) -> list[tuple[str, Any]]:
        now = next(switch for switch in switches() if switch.provider == self.provider)
        return [(_("What"), now.label), (_("State"), now.state), (_("Why"), now.why), (_("Since"), now.since)]


class StopView(SwitchView):
    page_title = gettext_lazy("Stop sending")
    submit_label = gettext_lazy("Stop it now")

    def run(self, data: dict[str, Any]) -> None:
        done = stop_sending(provider=self.provider, note=data["note"], actor=self.request.user)
        self.tell(done, _("Sending is stopped."), _("A person has stopped it before. Nothing has changed."))


class ResumeSendingView(SwitchView):
    page_title = gettext_lazy("Resume sending")
    header_icon = "lock-open"
    submit_label = gettext_lazy("Resume it now")

    def run(self, data: dict[str, Any]) -> None:
        done = resume_sending(provider=self.provider, note=data["note"], actor=self.request.user)
        self.tell(done, _("Sending goes on."), _("It was not stopped. Nothing has changed."))


class SendingViewSet(ViewSet):
    name = "referral_sending"
    url_prefix = "referrals/sending"
    icon = "lock"
    menu_label = SendingView.page_title

    @cached_property
    def menu_item_class(self) -> type[MenuItem]:
        return menu_item_for(*SendingView.rights)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", SendingView.as_view(), name="index"),
            path("<str:provider>/stop/", StopView.as_view(), name="stop"),
            path("<str:provider>/resume/", ResumeSendingView.as_view(), name="resume"),
        ]
