"""Staff record a refund, a dispute, or a dispute that was won."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin import messages
from wagtail.admin.widgets import AdminDateTimeInput

from referral_blocks.core.money import Money
from referral_blocks.flows.reverse_sale import Reversed, reverse_sale
from referral_blocks.sales.models import ReversalKind, Sale

from .record_sale import EARLIEST
from .steps import StepView


class ReverseSaleForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What happened"), choices=ReversalKind.choices)
    reversal_number = forms.CharField(
        label=gettext_lazy("Number of the refund or dispute"),
        help_text=gettext_lazy("The same number twice counts once. A dispute that was won has the dispute’s number."),
    )
    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        required=False,
        help_text=gettext_lazy("Such as 49.00. Leave it empty for all that is left, or all that the dispute took."),
    )
    reversed_at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        widget=AdminDateTimeInput,
        validators=[MinValueValidator(EARLIEST)],
        help_text=gettext_lazy("Leave it empty if it was just now."),
    )


class ReverseSaleView(StepView):
    form_class = ReverseSaleForm
    rights = ("add_salereversal",)
    queryset = Sale.objects.select_related("program", "referral__friend")
    page_title = gettext_lazy("Record a refund or dispute")
    header_icon = "undo"
    submit_label = gettext_lazy("Record it")
    back_label = gettext_lazy("Sales")
    back_url_name = "referral_sales:index"
    fields_of_paths = {"reversalId": "reversal_number", "occurredAt": "reversed_at"}

    def get_success_url(self) -> str:
        return reverse("referral_sales:inspect", args=[self.object.pk])

    def facts(self) -> list[tuple[str, Any]]:
        sale: Sale = self.object
        return [
            (_("Order number"), sale.external_id),
            (_("Friend"), sale.referral.friend),
            (_("Amount"), sale.amount),
            (_("Reversed so far"), Money(sale.reversed_minor, sale.currency)),
        ]

    def run(self, data: dict[str, Any]) -> None:
        sale: Sale = self.object
        reversed_at: datetime | None = data["reversed_at"]
        done = reverse_sale(
            program=sale.program,
            source=sale.source,
            external_id=sale.external_id,
            reversal_id=data["reversal_number"],
            kind=data["kind"],
            amount=data["amount"] or None,
            occurred_at=reversed_at,
            actor=self.request.user,
        )
        self.tell(done.created, said(done), _("This was recorded before. Nothing has changed."))
        if done.created and not done.rewards:
            messages.info(self.request, _("No reward depends on it."))


def said(done: Reversed) -> str:
    """What came of a reversal, in a sentence or two."""
    first = _("%(kind)s over %(amount)s was recorded for sale %(id)s.") % {
        "kind": done.reversal.get_kind_display(),
        "amount": Money(done.reversal.amount_minor, done.sale.currency),
        "id": done.sale.external_id,
    }
    if not done.rewards:
        return first
    titles = ", ".join(_("%(reward)s for %(person)s") % {"reward": r.title, "person": r.person} for r in done.rewards)
    second = ngettext("One reward followed: %(titles)s.", "%(count)d rewards followed: %(titles)s.", len(done.rewards))
    return first + " " + second % {"count": len(done.rewards), "titles": titles}
