"""Rules that were right once and cannot be paid any more: a provider's catalogue has changed."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.rewards.models import RewardRule
from referral_blocks.rewards.rule import RuleFacts

from .set_reward_rule import clean_method

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unpayable:
    """A rule and, in words for staff, why its rewards cannot be paid."""

    rule: RewardRule
    why: str


def unpayable_rules() -> list[Unpayable]:
    """The active rules of live programmes that their provider would refuse now. Asks providers over the network, most
    times their caches: not for a page that everybody sees."""
    rules = RewardRule.objects.filter(active=True, program__status=ProgramStatus.LIVE).select_related("program")
    return [found for found in map(_judged, rules.order_by("pk")) if found is not None]


def warn_of_unpayable_rules() -> int:
    """Log each of them; returns how many."""
    found = unpayable_rules()
    for one in found:
        logger.warning("Rule %s (%s) cannot be paid: %s", one.rule.pk, one.rule.method, one.why)
    return len(found)


def _judged(rule: RewardRule) -> Unpayable | None:
    if not is_registered(rule.method):
        return Unpayable(rule, f"no provider “{rule.method}” is configured")
    if payout_provider(rule.method).capabilities.in_house:
        return None
    facts = RuleFacts(Money(rule.amount_minor, rule.value_currency), rule.options)
    try:
        clean_method(method=rule.method, options=rule.method_options, kind=rule.kind, facts=facts)
    except InvalidInput as error:
        return Unpayable(rule, str(error))
    return None
