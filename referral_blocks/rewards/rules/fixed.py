"""The same amount each time."""

from django.utils.translation import gettext_lazy as _

from referral_blocks.core.money import Money
from referral_blocks.rewards.rule import RewardKind, RuleFacts, SaleFacts


class FixedReward(RewardKind):
    label = _("A fixed amount")

    def value(self, rule: RuleFacts, sale: SaleFacts | None) -> Money | None:
        return rule.amount

    def bounds(self, rule: RuleFacts) -> tuple[Money | None, Money | None]:
        return rule.amount, rule.amount
