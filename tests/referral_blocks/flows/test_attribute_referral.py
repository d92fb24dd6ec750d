import pytest
import time_machine
from django.apps import apps

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.attribute_referral import attribute_referral
from referral_blocks.flows.expire_groups import expire_groups
from referral_blocks.flows.join_group import join_group
from referral_blocks.flows.open_group import open_group
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.fraud.models import RiskSignal
from referral_blocks.groups.models import GroupOffer
from referral_blocks.referrals.models import Referral, ReferralChange
from referral_blocks.rewards.models import Reward
from referral_blocks.rewards.offers import RuleInput
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(django_user_model):
    return django_user_model.objects.create_user("staff")


def attribute(referrer, staff, **given):
    values = {"email": "friend@example.com", "name": "Kim Example", "reason": "Met at the fair.", "actor": staff}
    return attribute_referral(**{"program": referrer.program, "referrer": referrer, **values, **given})


def counts():
    return {model: model.objects.count() for model in apps.get_app_config("referral_blocks").get_models()}


def friends(*referrers):
    return [type(r).objects.get(pk=r.pk).standing_row.friends for r in referrers]


def test_staff_credit_a_friend_by_hand_with_who_and_why(staff):
    program = make_program(rules=())
    set_reward_rule(program=program, given=RuleInput("referrer", "Gift", "5", trigger="sign_up"))
    referrer = make_link(program).referrer
    referral = attribute(referrer, staff)
    assert (referral.referrer, referral.attribution_method, referral.link) == (referrer, "manual", None)
    rows = ReferralChange.objects.values_list("field", "from_state", "to_state", "reason", "note", "actor")
    assert list(rows) == [("referrer", "", referrer.public_id.hex[:30], "manual", "Met at the fair.", staff.pk)]
    assert Reward.objects.get().amount_minor == 500
    assert attribute(referrer, staff) == referral
    assert (ReferralChange.objects.count(), Reward.objects.count(), friends(referrer)) == (1, 1, [1])


def test_the_credit_moves_to_another_referrer_while_nothing_is_promised(staff):
    program = make_program()
    before, after = (make_link(program, email=f"{n}@example.com").referrer for n in ("one", "two"))
    make_referral(program, link=before.links.get())
    referral = attribute(after, staff, reason="Kim says it was Two.")
    assert (referral.referrer, referral.attribution_method) == (after, "manual")
    assert friends(before, after) == [0, 1]
    change = ReferralChange.objects.get()
    assert (change.from_state, change.to_state) == (before.public_id.hex[:30], after.public_id.hex[:30])
    assert change.note == "Kim says it was Two."
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com", "amount": "10"}
    rewards = record_sale(program=program, currency="GBP", **sale).rewards
    assert rewards[0].referrer == after


@pytest.mark.parametrize("rules", [(), ({"side": "friend", "title": "Off", "amount_minor": 100},)])
def test_once_the_friend_has_qualified_the_credit_stays(rules, staff):
    program = make_program(rules=rules)
    before, after = (make_link(program, email=f"{n}@example.com").referrer for n in ("one", "two"))
    make_referral(program, link=before.links.get())
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com", "amount": "10"}
    record_sale(program=program, currency="GBP", **sale)
    now = counts()
    with pytest.raises(DomainError) as refused:
        attribute(after, staff)
    assert (refused.value.code, Referral.objects.get().referrer, counts()) == ("has_rewards", before, now)


def test_a_reward_for_signing_up_keeps_the_credit_too(staff):
    program = make_program(rules=())
    set_reward_rule(program=program, given=RuleInput("referrer", "Gift", "5", trigger="sign_up"))
    before, after = (make_link(program, email=f"{n}@example.com").referrer for n in ("one", "two"))
    make_referral(program, link=before.links.get())
    with pytest.raises(DomainError) as refused:
        attribute(after, staff)
    assert (refused.value.code, Referral.objects.get().referrer) == ("has_rewards", before)
    assert before.standing_row.friends == 1


def test_a_friend_with_a_place_in_a_group_is_not_moved(staff):
    program = make_program()
    before, after = (make_link(program, email=f"{n}@example.com").referrer for n in ("one", "two"))
    referral = make_referral(program, link=before.links.get())
    group = open_group(referrer=before, offer=GroupOffer.objects.create(program=program, title="Two", size=2))
    join_group(group=group, referral=referral)
    with pytest.raises(DomainError) as refused:
        attribute(after, staff)
    assert (refused.value.code, Referral.objects.get().referrer, friends(before, after)) == (
        "wrong_state",
        before,
        [1, 0],
    )
    with time_machine.travel(group.deadline):
        expire_groups()
        assert attribute(after, staff).referrer == after


def test_a_moved_friend_is_checked_against_the_new_referrer(staff):
    program = make_program()
    before, after = (make_link(program, email=f"{n}@example.com").referrer for n in ("one", "two"))
    referral = make_referral(program, email="two+me@example.com", link=before.links.get())
    assert referral.review == "clear"
    attribute(after, staff, email="two+me@example.com")
    assert (Referral.objects.get().review, RiskSignal.objects.count()) == ("flagged", 1)


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"reason": " "}, "required", ("reason",)),
        ({"reason": "x" * 501}, "too_long", ("reason",)),
        ({"email": "kim@"}, "invalid_email", ("email",)),
        ({"email": "REFERRER@example.com"}, "self_referral", ("referrer",)),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(given, code, path, staff):
    referrer = make_link(make_program()).referrer
    before = counts()
    with pytest.raises(DomainError) as refused:
        attribute(referrer, staff, **given)
    assert (refused.value.code, refused.value.path, counts()) == (code, path, before)
