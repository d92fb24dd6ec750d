"""A rule that can never be paid is refused before anything is promised."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.check_rules import unpayable_rules, warn_of_unpayable_rules
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.payouts.provider import Capabilities
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.rewards.models import RewardRule
from referral_blocks.rewards.offers import RuleInput
from tests.gift_cards import OPTIONS, earned, gift_card_program, use_runa
from tests.make import make_program
from tests.standins import running_runa

pytestmark = pytest.mark.django_db
CARD = RuleInput(side="friend", title="Gift card", amount="20", method="runa", method_options={"product": "SBX-ANY-GB"})
BOOKS = {"product": "SBX-BOOK-GB"}
CHOICE = {"template_id": "PT-SANDBOXGBP"}
TENTH = {"percent": "10"}


@pytest.fixture
def runa(settings):
    with running_runa() as stand_in:
        use_runa(settings, stand_in)
        yield stand_in


def test_a_rule_keeps_its_choices_and_its_rewards_have_them(runa):
    rule = set_reward_rule(program=make_program(rules=()), given=CARD)
    assert rule.method_options == OPTIONS


def test_a_reward_keeps_the_choices_that_it_was_promised_with(runa):
    reward = earned(gift_card_program(order_at="claim"))
    RewardRule.objects.update(method_options={})
    reward.refresh_from_db()
    assert reward.method_options == {**OPTIONS, "order_at": "claim"}


PERCENTAGE = {"kind": "percentage", "amount": "50"}
REFUSED = [
    ({"method_options": {}}, ("methodOptions", "product")),
    ({"method_options": {"product": "NO-SUCH"}}, ("methodOptions", "product")),
    ({"method_options": {"product": "SBX-ANY-US"}}, ("methodOptions", "product")),
    ({"amount": "501"}, ("amount",)),
    ({"amount": "15", "method_options": BOOKS}, ("amount",)),
    ({"amount": "15.50", "method_options": CHOICE}, ("amount",)),
    ({**PERCENTAGE, "options": TENTH}, ("options", "floorMinor")),
    ({**PERCENTAGE, "options": {**TENTH, "floor_minor": 99}}, ("amount",)),
    ({**PERCENTAGE, "amount": "501", "options": {**TENTH, "floor_minor": 100}}, ("amount",)),
    ({**PERCENTAGE, "options": {**TENTH, "floor_minor": 1000}, "method_options": BOOKS}, ("amount",)),
    ({**PERCENTAGE, "options": {**TENTH, "floor_minor": 1000}, "method_options": CHOICE}, ("amount",)),
]


@pytest.mark.parametrize(("given", "path"), REFUSED)
def test_what_can_never_be_paid_is_refused(runa, given, path):
    program = make_program(rules=())
    with pytest.raises(InvalidInput) as refused:
        set_reward_rule(program=program, given=replace(CARD, **given))
    assert (refused.value.path, RewardRule.objects.count()) == (path, 0)


@pytest.mark.parametrize(
    "given",
    [
        {"amount": "500"},
        {"amount": "50", "method_options": BOOKS},
        {"amount": "15", "method_options": CHOICE},
        {**PERCENTAGE, "options": {**TENTH, "floor_minor": 100}},
        {**PERCENTAGE, "amount": "20", "options": {**TENTH, "floor_minor": 2000}, "method_options": BOOKS},
    ],
)
def test_what_can_be_paid_is_taken(runa, given):
    set_reward_rule(program=make_program(rules=()), given=replace(CARD, **given))


class Narrow(ManualProvider):
    """Pays £5 to £30 and no other currency."""

    capabilities = Capabilities(currencies=frozenset({"GBP"}), minimum_minor={"GBP": 500}, maximum_minor={"GBP": 3000})


class Gathering(Narrow):
    capabilities = Capabilities(minimum_minor={"GBP": 500}, maximum_minor={"GBP": 3000}, gathers=True)


@pytest.mark.parametrize(
    ("provider", "given", "path"),
    [
        ("Narrow", {"amount": "4.99"}, ("amount",)),
        ("Narrow", {"amount": "30.01"}, ("amount",)),
        ("Narrow", {"amount": "5"}, None),
        ("Narrow", {"kind": "percentage", "amount": "30", "options": TENTH}, ("options", "floorMinor")),
        ("Gathering", {"amount": "0.01"}, None),
        ("Gathering", {"kind": "percentage", "amount": "30", "options": TENTH}, None),
        ("Gathering", {"amount": "30.01"}, ("amount",)),
    ],
)
def test_what_a_provider_says_that_it_can_do_counts(settings, provider, given, path):
    providers = {"narrow": f"{__name__}.{provider}"}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_PROVIDERS": providers}
    rule = replace(CARD, method="narrow", method_options={}, **given)
    program = make_program(rules=())
    if path is None:
        set_reward_rule(program=program, given=rule)
        return
    with pytest.raises(InvalidInput) as refused:
        set_reward_rule(program=program, given=rule)
    assert (refused.value.path, RewardRule.objects.count()) == (path, 0)


def test_another_currency_is_refused(settings):
    providers = {"narrow": f"{__name__}.Narrow"}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_PROVIDERS": providers}
    with pytest.raises(InvalidInput) as refused:
        set_reward_rule(
            program=make_program(rules=(), currency="EUR"), given=replace(CARD, method="narrow", method_options={})
        )
    assert refused.value.path == ("currency",)


def test_a_rule_whose_card_was_withdrawn_is_warned_of(runa, caplog):
    caplog.set_level(logging.WARNING)
    program = gift_card_program()
    assert (unpayable_rules(), warn_of_unpayable_rules()) == ([], 0)
    rule = RewardRule.objects.get()
    rule.method_options = {**OPTIONS, "product": "SBX-OFF-GB"}
    rule.save()
    (found,) = unpayable_rules()
    assert (found.rule, "cannot be ordered at the moment" in found.why) == (rule, True)
    assert warn_of_unpayable_rules() == 1
    assert f"Rule {rule.pk} (runa) cannot be paid" in caplog.text
    program.status = "draft"
    program.save()
    assert unpayable_rules() == []
