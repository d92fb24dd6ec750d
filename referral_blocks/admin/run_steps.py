"""What is done with a payout run: confirm it, the second person too; take a payout out of it; cancel it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages

from referral_blocks.core.money import Money
from referral_blocks.flows.cancel_payout_run import Cancelled, cancel_payout_run, to_cancel
from referral_blocks.flows.confirm_payout_run import confirm_payout_run
from referral_blocks.flows.exclude_from_run import exclude_from_run
from referral_blocks.payouts.models import Payout, PayoutState
from referral_blocks.payouts.run import PayoutRun, RunState
from referral_blocks.payouts.runs import OPEN, RunTotals, asks_for_second_person, run_totals

from .labels import payouts_to_people, provider_label
from .steps import NoteForm, StepView

RIGHT = "confirm_payout"


class SeenForm(forms.Form):
    """The total that was on the screen: what is confirmed is what somebody has looked at."""

    seen_minor = forms.IntegerField(widget=forms.HiddenInput)


class RunStepView(StepView):
    """A step about one run; only open runs are offered any."""

    rights = (RIGHT,)
    queryset = PayoutRun.objects.select_related("program", "confirmed_by")
    back_label = gettext_lazy("Payout runs")
    back_url_name = "referral_runs:index"

    def get_success_url(self) -> str:
        return reverse("referral_runs:inspect", args=[self.object.pk])

    @cached_property
    def totals(self) -> RunTotals:
        return run_totals(run=self.object)

    def over(self) -> str:
        if self.object.state in OPEN:
            return ""
        return _("This run is “%(state)s”. Nothing has changed.") % {"state": self.object.get_state_display()}

    def facts(self) -> list[tuple[str, Any]]:
        run: PayoutRun = self.object
        return [
            (_("Programme"), run.program),
            (_("Paid by"), provider_label(run.provider)),
            (_("Payouts"), payouts_to_people(self.totals.payouts, self.totals.people)),
            (_("Total"), Money(self.totals.amount_minor, run.currency)),
            (_("Largest payout"), Money(self.totals.largest_minor, run.currency)),
            (_("Confirmed by"), run.confirmed_by or "–"),
        ]


class ConfirmRunView(RunStepView):
    form_class = SeenForm
    template_name = "referral_blocks/admin/confirm_run.html"
    page_title = gettext_lazy("Confirm this run")
    header_icon = "check"
    submit_label = gettext_lazy("Confirm it")

    def get_initial(self) -> dict[str, Any]:
        return {"seen_minor": self.totals.amount_minor}

    def over(self) -> str:
        if self.object.state == RunState.SECOND and self.object.confirmed_by_id == self.request.user.pk:
            return _("You have confirmed this run. A second person has to look at it.")
        return super().over()

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        # The page shows the total as it is now: that is what the next press confirms.
        form.data = {**form.data.dict(), "seen_minor": self.totals.amount_minor}
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        first = self.object.state == RunState.DRAFT
        asks = first and asks_for_second_person(run=self.object, totals=self.totals)
        return {**super().get_context_data(**kwargs), "asks_for_second": asks}

    def run(self, data: dict[str, Any]) -> None:
        if confirm_payout_run(run=self.object, actor=self.request.user, seen_minor=data["seen_minor"]):
            messages.success(self.request, _("The run is confirmed. Its payouts are being sent."))
        else:
            messages.success(self.request, _("You have confirmed the run. It waits for a second person."))


class CancelRunView(RunStepView):
    """Also of a confirmed run: what nobody has begun to send is called back, and the page says what stays."""

    form_class = NoteForm
    page_title = gettext_lazy("Cancel this run")
    header_icon = "cross"
    submit_label = gettext_lazy("Cancel the run")
    leave_label = gettext_lazy("Keep the run")

    @cached_property
    def found(self) -> Cancelled:
        return to_cancel(run=self.object)

    def over(self) -> str:
        if self.object.state != RunState.CONFIRMED:
            return super().over()
        if self.found.back.payouts:
            return ""
        return _("Everything in this run is on its way or settled: nothing is left to call back.")

    def facts(self) -> list[tuple[str, Any]]:
        rows = super().facts()
        if self.object.state != RunState.CONFIRMED:
            return rows
        return [
            *rows,
            (_("Is called back"), self.said(self.found.back)),
            (_("Stays: on its way or paid"), self.said(self.found.kept)),
            (_("What happens"), _("What is called back is not sent; its rewards wait for the next run.")),
        ]

    def said(self, totals: RunTotals) -> str:
        several = payouts_to_people(totals.payouts, totals.people)
        return f"{several} · {Money(totals.amount_minor, self.object.currency)}"

    def run(self, data: dict[str, Any]) -> None:
        done = cancel_payout_run(run=self.object, actor=self.request.user, note=data["note"])
        yes = _("The run is cancelled. Its rewards wait for the next one.")
        if done and done.kept.payouts:
            yes = _("The run is cancelled. Called back: %(back)s. On their way or paid: %(kept)s.") % {
                "back": self.said(done.back), "kept": self.said(done.kept),
            }  # fmt: skip
        self.tell(done is not None, yes, self.over())


class ExcludeView(StepView):
    rights = (RIGHT,)
    queryset = Payout.objects.select_related("person", "run", "program")
    form_class = NoteForm
    page_title = gettext_lazy("Take this payout out of its run")
    header_icon = "cross"
    submit_label = gettext_lazy("Take it out")
    back_label = gettext_lazy("Payout runs")
    back_url_name = "referral_runs:index"

    def get_success_url(self) -> str:
        if self.object.run_id is None:
            return reverse("referral_payouts:inspect", args=[self.object.pk])
        return reverse("referral_runs:inspect", args=[self.object.run_id])

    def over(self) -> str:
        return "" if self.object.state == PayoutState.DRAFT else self.before()

    def before(self) -> str:
        return _("This payout is no draft of an open run, so that it cannot be taken out.")

    def facts(self) -> list[tuple[str, Any]]:
        payout: Payout = self.object
        return [
            (_("To"), f"{payout.person} · {payout.person.email}"),
            (_("Amount"), payout.amount),
            (_("Programme"), payout.program),
            (_("What happens"), _("Its rewards stay approved and wait for the next run.")),
        ]

    def run(self, data: dict[str, Any]) -> None:
        done = exclude_from_run(payout=self.object, actor=self.request.user, note=data["note"])
        yes = _("The payout to %(person)s is out of the run; its rewards wait for the next one.")
        self.tell(done, yes % {"person": self.object.person}, self.before())
