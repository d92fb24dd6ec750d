"""The payout providers' own choices in a reward rule's form: one field an option, with the provider's name on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from wagtail.admin.panels import Panel

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money
from referral_blocks.flows.set_reward_rule import clean_method
from referral_blocks.payouts.registry import payout_provider, payout_provider_choices
from referral_blocks.rewards.models import RewardRule
from referral_blocks.rewards.rule import RuleFacts

MAX_LENGTH = 500
OPTIONS = "methodOptions"


def field_name(alias: str, option: str) -> str:
    return f"option_{alias}_{option}"


def option_fields() -> dict[str, forms.CharField]:
    """A text field for every option that a registered provider describes; the provider reads and judges the text."""
    fields = {}
    for alias, label in payout_provider_choices():
        for option, words in payout_provider(alias).describe_options():
            fields[field_name(alias, option)] = forms.CharField(
                label=f"{label}: {option}", help_text=words, required=False, max_length=MAX_LENGTH
            )
    return fields


def shown_options(method: str, stored: Mapping[str, Any]) -> dict[str, str]:
    """A rule's stored options as the form shows them."""
    return {field_name(method, option): _typed(value) for option, value in stored.items()}


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def given_options(method: str, cleaned: Mapping[str, Any]) -> dict[str, str]:
    """What was typed for this provider; the fields of the others say nothing."""
    begin = field_name(method, "")
    return {n.removeprefix(begin): text for n, text in cleaned.items() if n.startswith(begin) and text}


def clean_for(rule: RewardRule, *, method: str, kind: str, currency: str, cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """The options as they are stored; raises InvalidInput with the form's field as its path."""
    facts = RuleFacts(Money(rule.amount_minor, currency), rule.options)
    try:
        return clean_method(method=method, options=given_options(method, cleaned), kind=kind, facts=facts)
    except InvalidInput as error:
        raise InvalidInput(error.message, code=error.code, path=(_field_of(method, error.path),)) from error


def _field_of(method: str, path: tuple[str, ...]) -> str:
    if path[:1] == (OPTIONS,):
        return field_name(method, path[1]) if len(path) > 1 else "method"
    return {"amount": "value", "currency": "method"}.get(path[0] if path else "", "kind")


class MethodOptionsPanel(Panel):
    """The option fields of the form, whatever providers the host has registered."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "referral_blocks/admin/method_options.html"

        @property
        def fields(self) -> list[Any]:
            return [self.form[name] for name in getattr(self.form, "option_names", ())]

        def is_shown(self) -> bool:
            return bool(self.fields)
