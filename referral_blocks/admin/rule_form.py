"""The form of one reward rule, inside the programme's: values are typed as decimals, and only what its trigger and its
kind ask for counts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from referral_blocks.core.errors import DomainError, InvalidInput
from referral_blocks.core.money import POINTS, Money, parse_amount
from referral_blocks.payouts.registry import payout_provider_choices
from referral_blocks.programs.models import Program
from referral_blocks.rewards.conditions import in_words
from referral_blocks.rewards.limits import COUPON_METHOD
from referral_blocks.rewards.models import CouponList, RewardRule, Trigger
from referral_blocks.rewards.offers import DEFAULTS, USED_BY, ConditionInput, RuleInput, camel, clean_rule, parse_points

from .method_options import clean_for, option_fields, shown_options

PERCENTAGE = "percentage"
KIND_FIELDS = ("percent", "least")
# Input path of a refusal → the form's field.
FIELDS_OF_PATHS = {
    "amount": "value",
    "currency": "currency_unit",
    "options": "percent",
    **{camel(name): name for name in (*USED_BY, "coupon_list", "limit_per_person", "expires_days", "hold_days")},
}
HELP = {
    "friend_from": _("From the how-manyeth friend of a referrer: 1 counts all of them."),
    "friend_to": _("Empty: no end. The same number twice is a milestone, such as the third friend."),
    "sale_from": _("From the how-manyeth purchase of a friend."),
    "sale_to": _("1: the first purchase alone. Empty: every one."),
    "months": _("After the friend’s first purchase. Empty: no limit."),
    "rank_from": _("Which places of the leaderboard win: the first of them."),
    "rank_to": _("The last of them."),
    "limit_per_person": _("How often one person can get it. Empty: no limit."),
    "expires_days": _("Days after which it is lost if nobody fetches it. Empty: never."),
    "coupon_list": _("The programme’s lists, imported under “Coupon lists”."),
}
# What a rule has beyond the form is left as it is.
KEPT = ("low_stock_at", "stock")


class RewardRuleForm(WagtailAdminModelForm):
    """One rule; the programme's form tells it the currency, and has it checked as a whole."""

    value = forms.CharField(
        label=_("Value"), max_length=32,
        help_text=_("Such as 20 or 20.00. Of a percentage: the most that one reward can be."),
    )  # fmt: skip
    currency_unit = forms.ChoiceField(
        label=_("Value in"), required=False, choices=[("", _("The programme’s currency")), (POINTS, _("Points"))],
        help_text=_("Points go with the way of paying “points”."),
    )  # fmt: skip
    percent = forms.CharField(
        label=_("Percentage"), max_length=12, required=False, help_text=_("Of the sale, such as 10 or 7.5.")
    )
    least = forms.CharField(
        label=_("At least"), max_length=32, required=False, help_text=_("The least that one reward is. Empty: nothing.")
    )
    method = forms.ChoiceField(label=_("Paid by"), choices=payout_provider_choices, initial="manual")

    currency: str = ""
    shown_currency: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = option_fields()
        self.option_names = list(fields)
        self.fields.update(fields)
        self.initial |= shown_options(self.instance.method, self.instance.method_options)
        self.initial["currency_unit"] = self.instance.currency
        self._open_fields()
        self._mark_fields()

    def _open_fields(self) -> None:
        """Nothing that only some rules ask for is required of all of them."""
        for name in ("trigger", *USED_BY):
            if name in self.fields:
                self.fields[name].required = False
        for name, text in HELP.items():
            if name in self.fields:
                self.fields[name].help_text = text
        if "coupon_list" in self.fields:
            lists = CouponList.objects.filter(program_id=self.instance.program_id or None)
            self.fields["coupon_list"].queryset = lists.order_by("name")

    def _mark_fields(self) -> None:
        """Say in the page what each field waits for: a script hides the others, and without it all are there."""
        for name, triggers in USED_BY.items():
            if name in self.fields:
                self.fields[name].widget.attrs["data-rb-triggers"] = " ".join(triggers)
        for name in KIND_FIELDS:
            self.fields[name].widget.attrs["data-rb-kinds"] = PERCENTAGE
        if "coupon_list" in self.fields:
            self.fields["coupon_list"].widget.attrs["data-rb-methods"] = COUPON_METHOD

    @property
    def has_option_errors(self) -> bool:
        return any(name in self.errors for name in self.option_names)

    @property
    def conditions_in_words(self) -> list[str]:
        """What else has to hold; written through the API."""
        return [in_words(condition) for condition in self.instance.conditions.all()] if self.instance.pk else []

    def show_in(self, currency: str) -> None:
        """Write the stored values into the form as decimals of ``currency``."""
        rule = self.instance
        self.shown_currency = currency
        options = rule.options if rule.kind == PERCENTAGE else {}
        self.initial["percent"] = str(options.get("percent", ""))
        unit = rule.currency or currency
        if rule.pk and unit:
            self.initial["value"] = _typed(rule.amount_minor, unit)
            floor = options.get("floor_minor", 0)
            self.initial["least"] = _typed(floor, unit) if floor else ""

    @property
    def unit(self) -> str:
        """The currency of the value as it is given, ``PTS`` or empty; what was left out stays as it is."""
        if self._is_left_out("currency_unit"):
            return str(self.instance.currency)
        return str(self.cleaned_data.get("currency_unit", ""))

    def has_changed(self) -> bool:
        # The same digits mean another number of minor units once the currency is another.
        moved = bool(
            self.instance.currency != POINTS
            and self.instance.pk
            and self.currency
            and self.currency != self.shown_currency
        )
        return moved or super().has_changed()

    def check_rule(self) -> None:
        """Judge the rule as a whole by the words of the API, once the programme's currency is known, and take it over;
        a provider may be asked whether it can pay."""
        cleaned, currency = self.cleaned_data, self.currency
        if self.errors or not currency or not {"method", "kind", "value"} <= cleaned.keys():
            return
        program = Program(pk=self.instance.program_id, currency=currency)
        try:
            fields, _conditions = clean_rule(program=program, given=self._input(currency))
        except DomainError as error:
            self._show_refusal(error)
            return
        for name, value in fields.items():
            if name not in KEPT:
                setattr(self.instance, name, value)
        self.check_options()

    def check_options(self) -> None:
        """Ask the provider whether it can pay this."""
        rule, cleaned = self.instance, self.cleaned_data
        try:
            rule.method_options = clean_for(
                rule, method=cleaned["method"], kind=cleaned["kind"], currency=rule.currency or self.currency,
                cleaned=cleaned,
            )  # fmt: skip
        except InvalidInput as error:
            self.add_error(error.path[0], ValidationError(error.message, code=error.code))

    def _input(self, currency: str) -> RuleInput:
        rule, cleaned = self.instance, self.cleaned_data
        trigger = self._given("trigger") or Trigger.SALE
        ranges = {name: self._number(name, trigger) for name in USED_BY}
        kept = {name: getattr(rule, name) for name in KEPT}
        conditions = rule.conditions.all() if rule.pk else ()
        return RuleInput(
            side=cleaned.get("side") or rule.side,
            title=cleaned.get("title") or rule.title,
            amount=cleaned["value"],
            trigger=str(trigger),
            kind=cleaned["kind"],
            currency=self.unit,
            options=self._options(currency),
            method=cleaned["method"],
            coupon_list=self._coupon_list(),
            limit_per_person=self._given("limit_per_person"),
            expires_days=self._given("expires_days"),
            instructions=self._given("instructions") or "",
            hold_days=self._given("hold_days"),
            approval=self._given("approval"),
            active=bool(cleaned.get("active")),
            conditions=[ConditionInput(c.fact, c.operator, c.value) for c in conditions],
            **ranges,
            **kept,
        )

    def _options(self, currency: str) -> dict[str, Any]:
        """The kind's own options; a kind that the form does not know keeps what it has."""
        rule, cleaned = self.instance, self.cleaned_data
        if cleaned["kind"] != PERCENTAGE or (self._is_left_out("percent") and rule.kind == PERCENTAGE):
            same = RewardRule.objects.filter(pk=rule.pk, kind=cleaned["kind"]).exists() if rule.pk else False
            return dict(rule.options) if same else {}
        options: dict[str, Any] = {"percent": cleaned.get("percent", "")}
        if least := cleaned.get("least", ""):
            options["floor_minor"] = self._least(least, currency)
        return options

    def _least(self, text: str, currency: str) -> int:
        try:
            return parse_points(text) if self.unit == POINTS else parse_amount(text, currency).amount_minor
        except InvalidInput as error:
            raise InvalidInput(error.message, code=error.code, path=("least",)) from error

    def _number(self, name: str, trigger: str) -> Any:
        """What counts for ``name``: the default where the trigger does not ask and nothing was given."""
        if trigger not in USED_BY[name]:
            given = None if self._is_left_out(name) else self.cleaned_data.get(name)
            return DEFAULTS[name] if given is None else given
        if self._is_left_out(name):
            return self.initial.get(name, DEFAULTS[name])
        given = self.cleaned_data.get(name)
        # An empty end means no end; an empty beginning is the first.
        return DEFAULTS[name] if given is None and not RewardRule._meta.get_field(name).null else given

    def _given(self, name: str) -> Any:
        # The instance itself has been emptied by then where nothing was sent.
        return self.initial.get(name) if self._is_left_out(name) else self.cleaned_data.get(name)

    def _coupon_list(self) -> CouponList | None:
        """Hidden, and so not sent, while another way of paying is chosen."""
        if not self._is_left_out("coupon_list"):
            return self.cleaned_data.get("coupon_list")
        stored = self.initial.get("coupon_list") if self.cleaned_data["method"] == COUPON_METHOD else None
        return CouponList.objects.filter(pk=stored).first() if stored else None

    def _is_left_out(self, name: str) -> bool:
        """Whether the page did not send the field: hidden by the script, or an older form."""
        field = self.fields.get(name)
        return field is None or field.widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))

    def _show_refusal(self, error: DomainError) -> None:
        for one in error.all:
            name = "least" if one.path == ("options", "floorMinor") else one.path[0] if one.path else ""
            name = FIELDS_OF_PATHS.get(name, name)
            self.add_error(name if name in self.fields else None, ValidationError(one.message, code=one.code))


def _typed(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).decimal:f}"
