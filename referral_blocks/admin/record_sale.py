"""Staff record a sale by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin import messages
from wagtail.admin.widgets import AdminDateTimeInput

from referral_blocks.flows.record_sale import Recorded, record_sale
from referral_blocks.programs.models import Program, ProgramStatus

from .steps import FlowFormView

# Earlier moments overflow when they are converted between time zones.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def only_choice() -> Program | None:
    """The live programme, when there is one to choose from."""
    programs = list(Program.objects.filter(status=ProgramStatus.LIVE)[:2])
    return programs[0] if len(programs) == 1 else None


class ProgramChoiceField(forms.ModelChoiceField):
    """Programmes with their currency, which a sale has to be in."""

    def label_from_instance(self, program: Program) -> str:
        return f"{program.name} ({program.currency})"


class RecordSaleForm(forms.Form):
    program = ProgramChoiceField(
        label=gettext_lazy("Programme"),
        queryset=Program.objects.exclude(status=ProgramStatus.DRAFT),
        initial=only_choice,
    )
    order_number = forms.CharField(
        label=gettext_lazy("Order number"),
        help_text=gettext_lazy("From your till or invoice. The same number twice counts once."),
    )
    friend_email = forms.CharField(
        label=gettext_lazy("Friend’s e-mail"),
        help_text=gettext_lazy("The address that the customer left when they followed their friend’s invitation."),
    )
    amount = forms.CharField(label=gettext_lazy("Amount"), help_text=gettext_lazy("Such as 149.00."))
    currency = forms.CharField(
        label=gettext_lazy("Currency"), max_length=8, required=False,
        help_text=gettext_lazy("Leave it empty for the programme’s currency."),
    )  # fmt: skip
    sold_at = forms.DateTimeField(
        label=gettext_lazy("Sold"),
        required=False,
        widget=AdminDateTimeInput,
        validators=[MinValueValidator(EARLIEST)],
        help_text=gettext_lazy("Leave it empty if it was just now."),
    )  # fmt: skip


class RecordSaleView(FlowFormView):
    form_class = RecordSaleForm
    rights = ("add_sale",)
    page_title = gettext_lazy("Record a sale")
    header_icon = "plus-inverse"
    submit_label = gettext_lazy("Record the sale")
    back_label = gettext_lazy("Sales")
    back_url_name = "referral_sales:index"
    fields_of_paths = {"externalId": "order_number", "friendEmail": "friend_email", "occurredAt": "sold_at"}

    def get_success_url(self) -> str:
        return self.request.path

    def run(self, data: dict[str, Any]) -> None:
        program: Program = data["program"]
        sold_at: datetime | None = data["sold_at"]
        recorded = record_sale(
            program=program,
            source="staff",
            external_id=data["order_number"],
            friend_email=data["friend_email"],
            amount=data["amount"],
            currency=data["currency"] or program.currency,
            occurred_at=sold_at,
            actor=self.request.user,
        )
        if recorded.created:
            messages.success(self.request, said(recorded))
        else:
            messages.warning(
                self.request,
                _("Sale %(id)s was recorded before. Nothing has changed.") % {"id": recorded.sale.external_id},
            )


def said(recorded: Recorded) -> str:
    """What came of a new sale, in a sentence or two."""
    sale, rewards = recorded.sale, recorded.rewards
    first = _("Sale %(id)s over %(amount)s was recorded for %(friend)s.") % {
        "id": sale.external_id, "amount": sale.amount, "friend": sale.referral.friend,
    }  # fmt: skip
    if not rewards:
        return first + " " + _("It earns no new reward.")
    titles = ", ".join(_("%(reward)s for %(person)s") % {"reward": r.title, "person": r.person} for r in rewards)
    second = ngettext(
        "One reward was promised: %(titles)s.", "%(count)d rewards were promised: %(titles)s.", len(rewards)
    )
    return first + " " + second % {"count": len(rewards), "titles": titles}
