"""A marketer writes a rule of a programme, or changes one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.conf import get_conf
from referral_blocks.core.errors import InvalidInput, NotFound, gathering
from referral_blocks.core.money import MAX_MINOR, Money
from referral_blocks.payouts.provider import PayoutProvider
from referral_blocks.payouts.registry import payout_provider
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule
from referral_blocks.rewards.offers import RuleInput, clean_rule, save_rule
from referral_blocks.rewards.rule import RuleFacts, reward_kind


def set_reward_rule(*, program: Program, given: RuleInput, rule: RewardRule | None = None) -> RewardRule:
    """A new rule, or ``rule`` as ``given`` says: all of it, what is left out goes back to its default.

    Rewards that were promised stay as they are. Raises InvalidInput and NotFound with the path of the value that does
    not fit (see ``clean_rule`` and ``clean_method``); then nothing is written. The provider may be asked over the
    network: call it outside any transaction.
    """
    if rule is not None and rule.program_id != program.pk:
        raise NotFound(_("There is no such rule in this programme."), path=("rule",))
    fields, conditions = check_reward_rule(program=program, given=given)
    with transaction.atomic():
        return save_rule(program=program, rule=rule, fields=fields, conditions=conditions)


def check_reward_rule(*, program: Program, given: RuleInput) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What ``rewards.offers.save_rule`` writes for ``given``; the programme itself may be unsaved. Raises and asks as
    ``set_reward_rule`` does."""
    with gathering() as mistakes:
        with mistakes.check():
            _require_method(given.method)
        with mistakes.check():
            fields, conditions = clean_rule(program=program, given=given)
    facts = RuleFacts(Money(fields["amount_minor"], fields["currency"] or program.currency), fields["options"])
    fields["method_options"] = clean_method(
        method=given.method, options=given.method_options, kind=given.kind, facts=facts
    )
    return fields, conditions


def _require_method(method: str) -> None:
    methods = get_conf().PAYOUT_PROVIDERS
    if method not in methods:
        raise InvalidInput(
            _("Choose one of: %(known)s.") % {"known": ", ".join(methods)}, code="unknown_method", path=("method",)
        )


def clean_method(*, method: str, options: Mapping[str, Any], kind: str, facts: RuleFacts) -> dict[str, Any]:
    """The provider's options as they are stored, for a rule whose rewards it can pay.

    Raises InvalidInput with a path that begins with ``methodOptions``, or is ``amount``, ``currency`` or
    ``options.floorMinor``.
    """
    provider = payout_provider(method)
    cleaned = provider.clean_options(options)
    can = provider.capabilities
    if can.currencies is not None and facts.amount.currency not in can.currencies:
        text = _("This way of paying does not know %(currency)s.") % {"currency": facts.amount.currency}
        raise InvalidInput(text, code="currency_mismatch", path=("currency",))
    low, high = reward_kind(kind).bounds(facts)
    if high is None:
        _check_most(provider, Money(MAX_MINOR - 1, facts.amount.currency), cleaned)
    if low is None and not can.gathers:
        _check_least(provider, Money(1, facts.amount.currency), cleaned)
    for amount in _between(low, high):
        _check(provider, amount, cleaned)
    return cleaned


def _between(low: Money | None, high: Money | None) -> Iterator[Money]:
    """Both ends and, where there is anything between them, an amount that no list of face values has by chance."""
    if low is not None:
        yield low
    if high is not None and high != low:
        if low is not None and low.amount_minor + 1 < high.amount_minor:
            yield Money(low.amount_minor + 1, low.currency)
        yield high


def _check(provider: PayoutProvider, amount: Money, options: Mapping[str, Any]) -> None:
    """Raises InvalidInput with path ``amount`` for what this provider never pays."""
    can, minor = provider.capabilities, amount.amount_minor
    least = 0 if can.gathers else can.minimum_minor.get(amount.currency, 0)
    most = can.maximum_minor.get(amount.currency, minor)
    if not least <= minor <= most:
        limit = Money(least if minor < least else most, amount.currency).format()
        text = (
            _("At least %(limit)s can be paid this way.")
            if minor < least
            else _("At most %(limit)s can be paid this way.")
        )
        raise InvalidInput(text % {"limit": limit}, code="out_of_range", path=("amount",))
    provider.check_amount(amount, options)


def _check_least(provider: PayoutProvider, amount: Money, options: Mapping[str, Any]) -> None:
    text = _("Set a least amount: %(why)s")
    _check_end(provider, amount, options, text, ("options", "floorMinor"))


def _check_most(provider: PayoutProvider, amount: Money, options: Mapping[str, Any]) -> None:
    _check_end(provider, amount, options, _("Set a largest amount: %(why)s"), ("amount",))


def _check_end(
    provider: PayoutProvider, amount: Money, options: Mapping[str, Any], text: str | Promise, path: tuple[str, ...]
) -> None:
    try:
        _check(provider, amount, options)
    except InvalidInput as error:
        if error.path != ("amount",):
            raise
        raise InvalidInput(text % {"why": error.message}, code=error.code, path=path) from None
