"""A new payout run: choose, look at what it would hold and what stays out and why, then make it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.widgets import AdminDateTimeInput

from referral_blocks.core.errors import DomainError
from referral_blocks.core.money import Money
from referral_blocks.flows.gather_rewards import Gathering
from referral_blocks.flows.plan_payout_run import plan_payout_run, preview_payout_run
from referral_blocks.payouts.registry import payout_provider, payout_provider_choices
from referral_blocks.payouts.run import PayoutRun, RunState
from referral_blocks.programs.models import Program

from .labels import payouts_to_people
from .record_sale import ProgramChoiceField, only_choice
from .steps import FlowFormView, add_domain_error

SHOWN = 200  # rows of each table; the totals are of all


def outside_choices() -> list[tuple[str, Any]]:
    """The providers that move value out of the house."""
    return [(a, label) for a, label in payout_provider_choices() if not payout_provider(a).capabilities.in_house]


class PlanForm(forms.Form):
    program = ProgramChoiceField(label=gettext_lazy("Programme"), queryset=Program.objects.all(), initial=only_choice)
    provider = forms.ChoiceField(label=gettext_lazy("Paid by"), choices=outside_choices)
    cut_off_at = forms.DateTimeField(
        label=gettext_lazy("Approved up to"),
        required=False,
        widget=AdminDateTimeInput,
        help_text=gettext_lazy("Leave it empty for everything that is approved by now."),
    )


class PlanRunView(FlowFormView):
    """The first button only looks; what is ticked when the second is pressed stays out."""

    rights = ("confirm_payout",)
    form_class = PlanForm
    template_name = "referral_blocks/admin/plan_run.html"
    page_title = gettext_lazy("New run")
    header_icon = "plus"
    submit_label = gettext_lazy("Look at it")
    back_label = gettext_lazy("Payout runs")
    back_url_name = "referral_runs:index"
    fields_of_paths = {"cutOffAt": "cut_off_at"}
    made: PayoutRun

    def get_success_url(self) -> str:
        return reverse("referral_runs:inspect", args=[self.made.pk])

    @property
    def excluded(self) -> set[int]:
        given = self.request.POST.getlist("exclude")
        return {int(pk) for pk in given if pk.isascii() and pk.isdecimal() and len(pk) < 20}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        if "make" in self.request.POST:
            return super().form_valid(form)
        try:
            seen = preview_payout_run(**self.chosen(form.cleaned_data))
        except DomainError as error:
            add_domain_error(form, error, self.fields_of_paths)
            return self.form_invalid(form)
        return self.render_to_response(self.get_context_data(form=form, preview=self.preview(form, seen)))

    def chosen(self, data: dict[str, Any]) -> dict[str, Any]:
        # Not in the future, whatever the seconds of the clock in the browser say.
        at = data["cut_off_at"]
        return {
            "program": data["program"],
            "provider": data["provider"],
            "cut_off_at": min(at, timezone.now()) if at else None,
            "exclude": self.excluded,
        }

    def preview(self, form: forms.Form, seen: Gathering) -> dict[str, Any]:
        currency = form.cleaned_data["program"].currency
        here = {"program": form.cleaned_data["program"], "provider": form.cleaned_data["provider"]}
        return {
            "payouts": [self.row(planned) for planned in seen.payouts[:SHOWN]],
            "stays": seen.stays[:SHOWN],
            "more_payouts": max(len(seen.payouts) - SHOWN, 0),
            "more_stays": max(len(seen.stays) - SHOWN, 0),
            "summary": said(seen, currency),
            "excluded": sorted(self.excluded),
            "draft": PayoutRun.objects.filter(**here, currency=currency, state=RunState.DRAFT).first(),
        }

    def row(self, planned: Any) -> dict[str, Any]:
        currency = planned.currency
        return {
            "person": planned.person,
            "rewards": len(planned.rewards),
            "gross": Money(planned.gross_minor, currency),
            "netted": Money(-planned.netted_minor, currency) if planned.netted_minor else "–",
            "amount": planned.amount,
        }

    def run(self, data: dict[str, Any]) -> None:
        known = set(
            PayoutRun.objects.filter(program=data["program"], state=RunState.DRAFT).values_list("pk", flat=True)
        )
        self.made = plan_payout_run(**self.chosen(data), actor=self.request.user)
        if self.made.pk in known:
            said = _("There is a run already that waits to be confirmed. Nothing was added to it.")
            messages.warning(self.request, said)
        else:
            messages.success(self.request, _("The run is made. Nothing is sent before it is confirmed."))


def said(seen: Gathering, currency: str) -> str:
    """The run in one sentence."""
    words = payouts_to_people(len(seen.payouts), seen.people)
    return _("%(payouts)s, %(total)s in all.") % {"payouts": words, "total": Money(seen.total_minor, currency)}
