"""A marketer writes a rule of a programme, or changes one."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.conf import get_conf
from referral_blocks.core.errors import InvalidInput, NotFound
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule
from referral_blocks.rewards.offers import RuleInput, clean_rule, save_rule


def set_reward_rule(*, program: Program, given: RuleInput, rule: RewardRule | None = None) -> RewardRule:
    """A new rule, or ``rule`` as ``given`` says: all of it, what is left out goes back to its default.

    Rewards that were promised stay as they are. Raises InvalidInput and NotFound with the path of the value that does
    not fit (see ``clean_rule``); then nothing is written.
    """
    if rule is not None and rule.program_id != program.pk:
        raise NotFound(_("There is no such rule in this programme."), path=("rule",))
    methods = get_conf().PAYOUT_PROVIDERS
    if given.method not in methods:
        raise InvalidInput(
            _("Choose one of: %(known)s.") % {"known": ", ".join(methods)}, code="unknown_method", path=("method",)
        )
    fields, conditions = clean_rule(program=program, given=given)
    with transaction.atomic():
        return save_rule(program=program, rule=rule, fields=fields, conditions=conditions)
