from datetime import timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone

from referral_blocks.core.errors import DomainError
from referral_blocks.core.money import POINTS, Money
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.exchange_points import exchange_points
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.flows.void_reward import void_reward
from referral_blocks.ledger.models import Account, LedgerEntry, LedgerLine, PointsLot
from referral_blocks.ledger.points import add_points, next_to_expire, spendable
from referral_blocks.ledger.services import post_transfer
from referral_blocks.ledger.statement import statement
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.rewards.engine import judge_all
from referral_blocks.rewards.models import CouponList, Reward, RewardRule
from referral_blocks.rewards.offers import RuleInput
from referral_blocks.rewards.rule import Happening
from referral_blocks.rewards.selectors import active_rules, points_offers
from tests.at_once import at_once
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
MUG = {"title": "A mug", "side": "referrer", "amount": "8.00", "trigger": "points", "points_price": 300}


def give(referrer, points, **fields):
    key = f"test:{LedgerEntry.objects.count()}"
    lot = add_points(key=key, program_id=referrer.program_id, person_id=referrer.person_id, points=points)
    PointsLot.objects.filter(pk=lot.pk).update(**fields)
    post_transfer(
        key=key, kind="reward_issued", program_id=referrer.program_id, person_id=referrer.person_id,
        amount=Money(points, POINTS), debit=Account.EXPENSE, credit=Account.POINTS,
    )  # fmt: skip


def prepare(points=500, **rule):
    """A referrer with points, and a mug to exchange them for."""
    referrer = make_link(make_program(rules=())).referrer
    offer = set_reward_rule(program=referrer.program, given=RuleInput(**{**MUG, **rule}))
    give(referrer, points)
    return referrer, offer


def left(referrer):
    return spendable(program_id=referrer.program_id, person_id=referrer.person_id)


def refused(referrer, offer, **given):
    entries, rewards = LedgerEntry.objects.count(), Reward.objects.count()
    with pytest.raises(DomainError) as error:
        exchange_points(referrer=referrer, rule=offer, **{"exchange_id": "a1", **given})
    assert (LedgerEntry.objects.count(), Reward.objects.count()) == (entries, rewards)
    return error.value.code


def test_points_go_and_the_reward_is_promised():
    referrer, offer = prepare(points=500)
    before = check_ledger()
    done = exchange_points(referrer=referrer, rule=offer, exchange_id="a1")
    assert done.created
    assert left(referrer) == 200
    reward = Reward.objects.get()
    assert (reward.title, reward.amount_minor, reward.person, reward.state) == (
        "A mug", 800, referrer.person, "pending",
    )  # fmt: skip
    assert check_ledger() == before


def test_delivered_twice_it_is_done_once():
    referrer, offer = prepare(points=600)
    first = exchange_points(referrer=referrer, rule=offer, exchange_id="a1")
    offer.active = False
    offer.save()
    again = exchange_points(referrer=referrer, rule=offer, exchange_id="a1")
    assert (again.reward, again.created) == (first.reward, False)
    assert left(referrer) == 300
    assert Reward.objects.count() == 1


def test_one_exchange_never_buys_two_things():
    referrer, offer = prepare(points=600)
    other = set_reward_rule(program=referrer.program, given=RuleInput(**{**MUG, "title": "A cap"}))
    exchange_points(referrer=referrer, rule=offer, exchange_id="a1")
    assert refused(referrer, other) == "conflict"
    assert left(referrer) == 300


def test_too_few_points_take_none():
    referrer, offer = prepare(points=299)
    assert refused(referrer, offer) == "not_enough_points"
    assert left(referrer) == 299


def test_what_is_sold_out_takes_no_points():
    referrer, offer = prepare(stock=1, points=900)
    exchange_points(referrer=referrer, rule=offer, exchange_id="a1")
    assert not points_offers(program_id=referrer.program_id).exists()
    assert refused(referrer, offer, exchange_id="a2") == "offer_closed"
    assert left(referrer) == 600


def test_a_coupon_list_without_codes_takes_no_points():
    referrer, _offer = prepare()
    codes = CouponList.objects.create(program=referrer.program, name="Empty")
    offer = set_reward_rule(
        program=referrer.program, given=RuleInput(**{**MUG, "method": "coupon", "coupon_list": codes})
    )
    assert refused(referrer, offer) == "offer_closed"
    assert left(referrer) == 500


@pytest.mark.parametrize(
    ("change", "code"),
    [({"active": False}, "offer_closed"), ({"trigger": "sale"}, "not_found"), ({"points_price": None}, "not_found")],
)
def test_what_is_not_offered_cannot_be_had(change, code):
    referrer, offer = prepare()
    RewardRule.objects.filter(pk=offer.pk).update(**change)
    assert refused(referrer, offer) == code


def test_another_programmes_offer_and_a_paused_one_are_refused():
    referrer, offer = prepare()
    stranger = make_link(make_program(slug="other", rules=()), email="o@example.com").referrer
    assert refused(stranger, offer) == "not_found"
    referrer.program.status = ProgramStatus.PAUSED
    referrer.program.save()
    assert refused(referrer, offer) == "program_closed"


def test_a_limit_a_person_holds():
    referrer, offer = prepare(points=900, limit_per_person=1)
    exchange_points(referrer=referrer, rule=offer, exchange_id="a1")
    assert refused(referrer, offer, exchange_id="a2") == "offer_closed"


def test_the_offers_to_friends_and_referrers_leave_it_out():
    referrer, _offer = prepare()
    assert not active_rules(program_id=referrer.program_id).exists()


def test_nothing_else_sets_it_off():
    referrer, offer = prepare()
    program = referrer.program
    for happening in (Happening("sale", timezone.now()), Happening("points", timezone.now(), rule_id=offer.pk + 1)):
        assert [v.fires for v in judge_all(program=program, happening=happening)] == [False]


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"points_price": None}, ("pointsPrice",), "required"),
        ({"points_price": 0}, ("pointsPrice",), "out_of_range"),
        ({"trigger": "sale"}, ("pointsPrice",), "not_used"),
        ({"side": "friend"}, ("side",), "no_friend"),
    ],
)
def test_a_rule_priced_in_points_is_checked(given, path, code):
    program = make_program(rules=())
    with pytest.raises(DomainError) as error:
        set_reward_rule(program=program, given=RuleInput(**{**MUG, **given}))
    assert (error.value.path, error.value.code) == (path, code)
    assert not RewardRule.objects.exists()


def test_the_points_that_go_next_are_told():
    referrer, _offer = prepare(points=500)
    owner = {"program_id": referrer.program_id, "person_id": referrer.person_id}
    assert next_to_expire(**owner) is None
    soon, late = timezone.now() + timedelta(days=3), timezone.now() + timedelta(days=9)
    for number, at in ((10, soon), (20, late), (5, soon), (7, timezone.now() - timedelta(days=1))):
        give(referrer, number, expires_at=at)
    assert next_to_expire(**owner) == (15, soon)


def balances():
    """Account → the sum of its lines in points and in pounds."""
    sums = LedgerLine.objects.order_by().values_list("account", "currency").annotate(total=Sum("amount_minor"))
    return {(account, currency): total for account, currency, total in sums if total}


def test_a_cancelled_exchange_gives_the_points_back_once():
    referrer, offer = prepare(points=500)
    before = balances(), check_ledger()
    reward = exchange_points(referrer=referrer, rule=offer, exchange_id="a1").reward
    assert (left(referrer), balances()["points", POINTS]) == (200, -200)
    assert void_reward(reward=reward, reason="sold out")
    assert (left(referrer), balances()["points", POINTS]) == (500, -500)
    assert (balances(), check_ledger()) == before
    entry = LedgerEntry.objects.get(kind="points_returned")
    lines = entry.lines.values_list("account", "amount_minor", "currency", "person")
    assert set(lines) == {
        ("points_redeemed", 300, "PTS", referrer.person_id),
        ("points", -300, "PTS", referrer.person_id),
    }
    assert statement(program=referrer.program, person=referrer.person)[-1].words == "Points given back"
    assert not void_reward(reward=reward, reason="again")
    assert (left(referrer), LedgerEntry.objects.filter(kind="points_returned").count()) == (500, 1)
    assert exchange_points(referrer=referrer, rule=offer, exchange_id="a2").created


def test_points_that_come_back_have_a_date_of_their_own(settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "POINTS_EXPIRE_DAYS": 30}
    referrer, offer = prepare(points=0)
    give(referrer, 300, expires_at=timezone.now() + timedelta(hours=1))
    reward = exchange_points(referrer=referrer, rule=offer, exchange_id="a1").reward
    void_reward(reward=reward, reason="sold out")
    number, at = next_to_expire(program_id=referrer.program_id, person_id=referrer.person_id)
    assert (number, (at - timezone.now()).days) == (300, 29)


def test_a_reward_nobody_took_in_time_gives_no_points_back():
    referrer, offer = prepare(points=500)
    reward = exchange_points(referrer=referrer, rule=offer, exchange_id="a1").reward
    void_reward(reward=reward, reason="time", to="expired")
    assert (left(referrer), LedgerEntry.objects.filter(kind="points_returned").count()) == (200, 0)


def test_a_cancelled_reward_that_was_earned_gives_no_points():
    referrer, _offer = prepare(points=500)
    rule = RewardRule.objects.create(
        program=referrer.program, side="referrer", title="Gift", amount_minor=2000, trigger="sign_up"
    )
    make_referral(referrer.program)
    void_reward(reward=Reward.objects.get(rule=rule), reason="error")
    assert left(referrer) == 500
    assert not LedgerEntry.objects.filter(kind="points_returned").exists()


@pytest.mark.django_db(transaction=True)
def test_cancelled_by_many_at_once_the_points_come_back_once():
    referrer, offer = prepare(points=300)
    reward = exchange_points(referrer=referrer, rule=offer, exchange_id="a1").reward
    outcomes = at_once(lambda _n: void_reward(reward=Reward.objects.get(pk=reward.pk), reason="sold out"), threads=5)
    assert sorted(outcomes) == [False] * 4 + [True]
    assert (left(referrer), balances()["points", POINTS]) == (300, -300)


@pytest.mark.django_db(transaction=True)
def test_many_presses_at_once_cannot_overspend():
    referrer, offer = prepare(points=650)

    def press(number):
        try:
            return exchange_points(referrer=referrer, rule=offer, exchange_id=f"a{number}").created
        except DomainError as error:
            return error.code

    outcomes = at_once(press, threads=6)
    assert sorted(map(str, outcomes)) == ["True", "True", *["not_enough_points"] * 4]
    assert left(referrer) == 50
    assert Reward.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_press_sent_many_times_at_once_is_one():
    referrer, offer = prepare(points=900)
    outcomes = at_once(lambda _n: exchange_points(referrer=referrer, rule=offer, exchange_id="same").created, threads=6)
    assert sorted(outcomes) == [False] * 5 + [True]
    assert (left(referrer), Reward.objects.count()) == (600, 1)
