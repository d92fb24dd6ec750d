"""What a person may do with a payout that the machine cannot settle: ask again, let it go on, say what became of it,
take it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages

from referral_blocks.core.money import Money, parse_amount
from referral_blocks.flows.read_back_payout import read_back_payout
from referral_blocks.flows.resolve_payout import resolve_payout, why_not
from referral_blocks.flows.resume_payout import resume_payout
from referral_blocks.flows.reverse_payout import resolve_reversal, reverse_payout
from referral_blocks.payouts.models import Payout, PayoutReversal, PayoutState
from referral_blocks.payouts.provider import Capabilities, Outcome
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.reversals import open_reversal

from .columns import Step
from .labels import provider_label
from .permissions import may
from .steps import NoteForm, StepView
from .when import when

RIGHT = "resolve_payout"
S = PayoutState
ASKABLE = (S.UNKNOWN, S.SENT)
SAID: dict[str, Any] = {
    Outcome.PAID: gettext_lazy("Its books say: paid."),
    Outcome.ACCEPTED: gettext_lazy("Its books say: accepted, and not paid yet."),
    Outcome.RETURNED: gettext_lazy("Its books say: paid, and it came back."),
    Outcome.FAILED_FINAL: gettext_lazy("It is not in its books."),
    Outcome.UNKNOWN: gettext_lazy("Its books cannot tell yet."),
}


def steps_for(payout: Payout, user: Any) -> Iterator[Step]:
    """The steps that this user may take with the payout as it is now. One whose provider was taken out of the settings
    can only be settled by a person."""
    if not may(user, RIGHT):
        return
    known = is_registered(payout.provider)
    can = payout_provider(payout.provider).capabilities if known else Capabilities()

    def step(label: str, name: str, primary: bool = False) -> Step:
        return Step(label, reverse(f"referral_payout_desk:{name}", args=[payout.pk]), primary)

    if known and payout.parked:
        yield step(_("Let it go on"), "resume", True)
    elif can.read_back and payout.state in ASKABLE:
        yield step(_("Ask the provider again"), "ask", True)
    unsettled = payout.state == S.UNKNOWN or (payout.state == S.SENT and not can.in_house)
    if unsettled or (payout.parked and payout.state in (S.SENDING, S.CONFIRMED, S.FAILED_RETRYABLE)):
        yield step(_("Say what became of it"), "resolve")
    if payout.state == S.PAID and open_reversal(payout=payout) is not None:
        yield step(_("Say whether it came back"), "came-back")
    elif payout.state == S.PAID and can.reverse and payout.reversed_minor < payout.amount_minor:
        yield step(_("Take it back"), "reverse")


class PayoutStepView(StepView):
    rights = (RIGHT,)
    queryset = Payout.objects.select_related("person", "program")
    form_class = NoteForm
    header_icon = "redirect"
    back_label = gettext_lazy("Payouts that need a person")
    back_url_name = "referral_payout_desk:index"

    def facts(self) -> list[tuple[str, Any]]:
        payout: Payout = self.object
        return [
            (_("To"), f"{payout.person} · {payout.person.email}"),
            (_("Amount"), payout.amount),
            (_("Programme"), payout.program),
            (_("Paid by"), provider_label(payout.provider)),
            (_("State"), payout.get_state_display()),
            (_("Waits for a person"), payout.get_parked_display() or "–"),
            (_("Our reference"), payout.public_id),
            (_("Provider’s reference"), payout.provider_ref or "–"),
            (_("Created"), when(payout.created_at)),
        ]


class AskView(PayoutStepView):
    """Reads the provider's books; nothing is sent."""

    form_class = forms.Form
    page_title = gettext_lazy("Ask the provider again")
    submit_label = gettext_lazy("Ask")

    def over(self) -> str:
        return "" if self.object.state in ASKABLE and not self.object.parked else _("There is nothing to ask.")

    def run(self, data: dict[str, Any]) -> None:
        outcome = read_back_payout(payout_id=self.object.pk)
        said = SAID.get(outcome or "", _("It cannot be asked at this moment. Try again in some minutes."))
        messages.info(self.request, f"{provider_label(self.object.provider)}: {said}")


class ResumeView(PayoutStepView):
    page_title = gettext_lazy("Let this payout go on")
    submit_label = gettext_lazy("Let it go on")

    def over(self) -> str:
        return "" if self.object.parked else _("It does not wait for a person.")

    def run(self, data: dict[str, Any]) -> None:
        resume_payout(payout=self.object, note=data["note"], actor=self.request.user)
        messages.success(self.request, _("It goes on: its provider is being asked."))


class ResolveForm(NoteForm):
    paid = forms.ChoiceField(
        label=gettext_lazy("What became of it"),
        widget=forms.RadioSelect,
        choices=[
            ("yes", gettext_lazy("It was paid: the provider’s own books show it")),
            ("no", gettext_lazy("It was not paid: its rewards go back to the desk")),
        ],
    )
    provider_ref = forms.CharField(
        label=gettext_lazy("Provider’s reference"), required=False, max_length=120,
        help_text=gettext_lazy("The number under which the provider has it, if it was paid."),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Evidence"), widget=NoteForm.base_fields["note"].widget,
        help_text=gettext_lazy("Where you have looked, whom you have asked, and what they said."),
    )  # fmt: skip
    field_order = ["paid", "provider_ref", "note"]


class ResolveView(PayoutStepView):
    form_class = ResolveForm
    page_title = gettext_lazy("Say what became of this payout")
    submit_label = gettext_lazy("Save it for good")
    fields_of_paths = {"providerRef": "provider_ref"}

    def over(self) -> str:
        return str(why_not(payout=self.object))

    def run(self, data: dict[str, Any]) -> None:
        paid = data["paid"] == "yes"
        done = resolve_payout(
            payout=self.object,
            paid=paid,
            note=data["note"],
            provider_ref=data["provider_ref"] if paid else "",
            actor=self.request.user,
        )
        yes = _("The payout is settled as paid.") if paid else _("The payout is settled as not paid.")
        self.tell(done, yes, _("It was settled so before. Nothing has changed."))


class ReverseForm(NoteForm):
    amount = forms.CharField(
        label=gettext_lazy("Amount"), required=False, max_length=32,
        help_text=gettext_lazy("Such as 12.50. Leave it empty for as much as is owed."),
    )  # fmt: skip
    field_order = ["amount", "note"]


class ReverseView(PayoutStepView):
    form_class = ReverseForm
    page_title = gettext_lazy("Take this payout back")
    submit_label = gettext_lazy("Take it back")

    def over(self) -> str:
        return "" if self.object.state == S.PAID else _("Only what was paid is taken back.")

    def facts(self) -> list[tuple[str, Any]]:
        payout: Payout = self.object
        back = Money(payout.reversed_minor, payout.currency)
        return [*super().facts(), (_("Taken back so far"), back)]

    def run(self, data: dict[str, Any]) -> None:
        currency = self.object.currency
        minor = parse_amount(data["amount"], currency).amount_minor if data["amount"] else None
        reversal = reverse_payout(payout=self.object, note=data["note"], amount_minor=minor, actor=self.request.user)
        said = _("%(amount)s is being taken back.") % {"amount": Money(reversal.amount_minor, currency)}
        messages.success(self.request, said)


class CameBackForm(NoteForm):
    came = forms.ChoiceField(
        label=gettext_lazy("What became of it"),
        widget=forms.RadioSelect,
        choices=[
            ("yes", gettext_lazy("It came back: the provider’s own books show it")),
            ("no", gettext_lazy("It did not come back: it is owed again")),
        ],
    )
    field_order = ["came", "note"]


class CameBackView(PayoutStepView):
    """Settles a reversal that the provider never answered."""

    form_class = CameBackForm
    page_title = gettext_lazy("Say whether it came back")
    submit_label = gettext_lazy("Save it for good")

    @cached_property
    def reversal(self) -> PayoutReversal | None:
        return open_reversal(payout=self.object)

    def over(self) -> str:
        return "" if self.reversal else _("Nothing of it is on its way back.")

    def facts(self) -> list[tuple[str, Any]]:
        rows = super().facts()
        if self.reversal:
            rows.append((_("On its way back"), Money(self.reversal.amount_minor, self.object.currency)))
        return rows

    def run(self, data: dict[str, Any]) -> None:
        done = self.reversal is not None and resolve_reversal(
            reversal=self.reversal, came=data["came"] == "yes", note=data["note"], actor=self.request.user
        )
        self.tell(done, _("It is settled."), _("It was settled before. Nothing has changed."))
