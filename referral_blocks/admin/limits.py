"""A programme's limits: budget and cap on what is promised, and what stands before a payout."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, TitleColumn

from referral_blocks.core.errors import Conflict
from referral_blocks.core.money import Money
from referral_blocks.flows.set_payout_policy import set_payout_policy
from referral_blocks.flows.set_program_limits import set_program_limits
from referral_blocks.payouts.limits import policy_of
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.programs.models import Period, Program

from .columns import LinesColumn, Step, StepsColumn
from .desk import DeskView, DeskViewSet
from .filters import WagtailFilterSet
from .steps import StepView


def shown(minor: int | None, currency: str) -> str:
    return _("no limit") if minor is None else str(Money(minor, currency))


def typed(minor: int | None, currency: str) -> str:
    """As people type it; empty for none."""
    return "" if minor is None else f"{Money(minor, currency).decimal:f}"


class LimitsFilterSet(WagtailFilterSet):
    class Meta:
        model = Program
        fields = ("status",)


class LimitsView(DeskView):
    rights = ("change_payoutpolicy", "change_program")
    page_title = gettext_lazy("Limits")
    header_icon = "bars"
    verbose_name_plural = gettext_lazy("programmes")
    filterset_class = LimitsFilterSet
    search_fields = ["name"]

    def get_base_queryset(self) -> QuerySet[Program]:
        return Program.objects.prefetch_related("payout_policies").order_by("name", "pk")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            TitleColumn("name", label=_("Programme"), classname="rb-wide"),
            LinesColumn("promises", label=_("Rewards"), accessor=promise_lines, classname="rb-wide"),
            LinesColumn("payouts", label=_("Payouts"), accessor=payout_lines, classname="rb-wide"),
            StepsColumn(_("Steps"), self.steps),
        ]

    def steps(self, program: Program) -> list[Step]:
        steps = []
        if self.may("change_payoutpolicy"):
            steps.append(Step(_("Payout limits"), reverse("referral_limits:payouts", args=[program.pk])))
        if self.may("change_program"):
            steps.append(Step(_("Budget and cap"), reverse("referral_limits:budget", args=[program.pk])))
        return steps


def policy(program: Program) -> PayoutPolicy:
    """The limits in the programme's own currency, from what the list has read."""
    found = [p for p in program.payout_policies.all() if p.currency == program.currency]
    return found[0] if found else PayoutPolicy(program=program, currency=program.currency)


def promise_lines(program: Program) -> list[str]:
    return [
        _("Budget: %(limit)s") % {"limit": shown(program.budget_minor, program.currency)},
        _("Most that one referrer earns: %(limit)s") % {"limit": cap(program)},
    ]


def payout_lines(program: Program) -> list[str]:
    limits, currency = policy(program), program.currency
    second = limits.second_person_minor
    return [
        _("Smallest: %(limit)s") % {"limit": shown(limits.minimum_minor, currency)},
        _("Second person above: %(limit)s") % {"limit": _("never") if second is None else shown(second, currency)},
        _("Most in a day: %(limit)s") % {"limit": shown(limits.daily_cap_minor, currency)},
        _("Most for one person in a day: %(limit)s") % {"limit": shown(limits.person_cap_minor, currency)},
    ]


def cap(program: Program) -> str:
    words = shown(program.referrer_cap_minor, program.currency)
    if program.referrer_cap_minor is None:
        return words
    return f"{words} {program.get_referrer_cap_period_display()}"


def amount_field(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=32,
        help_text=help_text or gettext_lazy("Such as 250.00. Empty: no limit."),
    )


class LimitsStepView(StepView):
    queryset = Program.objects.all()
    header_icon = "bars"
    back_label = LimitsView.page_title
    back_url_name = "referral_limits:index"

    def facts(self) -> list[tuple[str, Any]]:
        return [(_("Programme"), self.object), (_("Currency"), self.object.currency)]

    def now(self) -> dict[str, str]:
        """The limits as they are, by field, as people type them."""
        raise NotImplementedError

    def get_initial(self) -> dict[str, Any]:
        return {**self.now(), "seen": json.dumps(self.now())}

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        # The page now says what the limits are: whoever saves once more means it.
        form.data = {**form.data.dict(), "seen": json.dumps(self.now())}
        return super().form_invalid(form)

    def run(self, data: dict[str, Any]) -> None:
        if data.pop("seen") != json.dumps(self.now()):
            words = ", ".join(
                f"{self.form_class.base_fields[name].label}: {v or '–'}" for name, v in self.now().items()
            )
            raise Conflict(
                _("Somebody has changed these limits meanwhile. They are now: %(limits)s.") % {"limits": words}
            )
        self.tell(self.save(data), _("The limits are saved."), _("Nothing has changed."))

    def save(self, data: dict[str, Any]) -> bool:
        raise NotImplementedError


class SeenForm(forms.Form):
    """Carries the limits that were on the screen: a page that is out of date must not undo somebody else's."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)


class PayoutLimitsForm(SeenForm):
    minimum = amount_field(
        gettext_lazy("Smallest payout"), gettext_lazy("Who has less waits for the next run. Empty: no limit.")
    )
    second_person = amount_field(
        gettext_lazy("Second person above"),
        gettext_lazy("A payout or a whole run above it needs two people. 0: always two. Empty: never."),
    )
    daily_cap = amount_field(gettext_lazy("Most in a day"), gettext_lazy("What is above it goes out the next day."))
    person_cap = amount_field(gettext_lazy("Most for one person in a day"))


class PayoutLimitsView(LimitsStepView):
    rights = ("change_payoutpolicy",)
    form_class = PayoutLimitsForm
    page_title = gettext_lazy("Payout limits")
    fields_of_paths = {"secondPerson": "second_person", "dailyCap": "daily_cap", "personCap": "person_cap"}

    def now(self) -> dict[str, str]:
        program: Program = self.object
        limits = policy_of(program_id=program.pk, currency=program.currency)
        names = ("minimum", "second_person", "daily_cap", "person_cap")
        return {name: typed(getattr(limits, f"{name}_minor"), program.currency) for name in names}

    def save(self, data: dict[str, Any]) -> bool:
        given = {name: value.strip() or None for name, value in data.items()}
        return set_payout_policy(program=self.object, currency=self.object.currency, actor=self.request.user, **given)


class BudgetForm(SeenForm):
    budget = amount_field(gettext_lazy("Budget"), gettext_lazy("Rewards beyond it wait. Empty: no limit."))
    referrer_cap = amount_field(gettext_lazy("Most that one referrer earns"))
    referrer_cap_period = forms.ChoiceField(label=gettext_lazy("… within"), choices=Period.choices)


class BudgetView(LimitsStepView):
    rights = ("change_program",)
    form_class = BudgetForm
    page_title = gettext_lazy("Budget and cap")
    fields_of_paths = {"referrerCap": "referrer_cap", "referrerCapPeriod": "referrer_cap_period"}

    def now(self) -> dict[str, str]:
        program: Program = self.object
        program.refresh_from_db()
        return {
            "budget": typed(program.budget_minor, program.currency),
            "referrer_cap": typed(program.referrer_cap_minor, program.currency),
            "referrer_cap_period": program.referrer_cap_period,
        }

    def save(self, data: dict[str, Any]) -> bool:
        return set_program_limits(
            program=self.object,
            budget=data["budget"].strip() or None,
            referrer_cap=data["referrer_cap"].strip() or None,
            referrer_cap_period=data["referrer_cap_period"],
            actor=self.request.user,
        )


class LimitsViewSet(DeskViewSet):
    name = "referral_limits"
    url_prefix = "referrals/limits"
    icon = "bars"
    menu_label = LimitsView.page_title
    desk_view = LimitsView
    steps = (("payouts", "payouts", PayoutLimitsView), ("budget", "budget", BudgetView))
