"""One faulty row keeps no other waiting, whichever task finds it."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from referral_blocks.flows import (
    award_leaderboard,
    expire_groups,
    expire_points,
    expire_rewards,
    mature_rewards,
    release_waiting,
)
from referral_blocks.flows.each import for_each
from referral_blocks.flows.open_group import open_group
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.groups.models import Group, GroupOffer
from referral_blocks.ledger.models import PointsLot
from referral_blocks.payouts.models import Payout
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import Reward, RewardRule
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
RULE = {"side": "referrer", "title": "£20 gift", "amount_minor": 2000, "approval": "automatic"}


def earn_three(**given):
    program = make_program(rules=({**RULE, **given.pop("rule", {})},), **given)
    link = make_link(program)
    for number in range(3):
        make_referral(program, email=f"f{number}@example.com", link=link)
        sale = {"source": "api", "external_id": str(number), "friend_email": f"f{number}@example.com"}
        record_sale(program=program, amount="100", currency="GBP", **sale)
    return program


def break_first(monkeypatch, module, name, is_first):
    """The function fails for the row that ``is_first`` names and works for the others."""
    real = getattr(module, name)

    def broken(**given):
        if is_first(given):
            raise ValueError("broken row")
        return real(**given)

    monkeypatch.setattr(module, name, broken)


def states():
    return sorted(Reward.objects.values_list("state", flat=True))


def test_what_fails_is_logged_and_left_out(caplog):
    def work(number):
        return 6 // number

    assert list(for_each([1, 0, 3], work)) == [6, 2]
    assert "work failed for 0" in caplog.text


def test_a_hold_that_cannot_end_keeps_no_other_waiting(monkeypatch, caplog):
    earn_three()
    first = Reward.objects.order_by("pk").first().pk
    break_first(monkeypatch, mature_rewards, "clear_reason", lambda given: given["reward"].pk == first)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert mature_rewards.mature_rewards() == 2
    assert states() == ["pending", "reserved", "reserved"]
    assert "broken row" in caplog.text


def test_a_reward_that_cannot_expire_keeps_no_other(monkeypatch):
    earn_three(rule={"expires_days": 20, "hold_days": 30})
    first = Reward.objects.order_by("pk").first().pk
    break_first(monkeypatch, expire_rewards, "void_reward", lambda given: given["reward"].pk == first)
    with time_machine.travel(timezone.now() + timedelta(days=21)):
        assert expire_rewards.expire_rewards() == 2
    assert states() == ["expired", "expired", "pending"]


def test_points_that_cannot_expire_keep_no_others(monkeypatch, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "POINTS_EXPIRE_DAYS": 10}
    earn_three(rule={"hold_days": 0, "currency": "PTS", "method": "points"})
    for pk in Payout.objects.values_list("pk", flat=True):
        send_payout(payout_id=pk)
    first = PointsLot.objects.order_by("pk").first().pk
    break_first(monkeypatch, expire_points, "expire_lot", lambda given: given["pk"] == first)
    with time_machine.travel(timezone.now() + timedelta(days=11)):
        assert expire_points.expire_points() == 2
    assert list(PointsLot.objects.order_by("pk").values_list("left", flat=True)) == [2000, 0, 0]


def test_a_reward_that_cannot_be_let_in_keeps_no_other_waiting(monkeypatch):
    earn_three(rule={"hold_days": 0, "stock": 0})
    RewardRule.objects.update(stock=3)
    first = Reward.objects.order_by("pk").first().pk
    break_first(monkeypatch, release_waiting, "approve_and_pay_if_clear", lambda given: given["reward"].pk == first)
    assert release_waiting.release_all_waiting() == 2
    assert states() == ["pending", "reserved", "reserved"]


def test_a_group_that_cannot_expire_keeps_no_other(monkeypatch):
    program = make_program(rules=())
    offer = GroupOffer.objects.create(program=program, title="Three together", size=3, hours=72)
    groups = [
        open_group(referrer=make_link(program, email=f"r{n}@example.com").referrer, offer=offer) for n in range(2)
    ]
    break_first(monkeypatch, expire_groups, "expire_group", lambda given: given["group"].pk == groups[0].pk)
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        assert expire_groups.expire_groups() == 1
    assert sorted(Group.objects.values_list("state", flat=True)) == ["expired", "open"]


def test_a_leaderboard_that_cannot_be_awarded_keeps_no_other_waiting(monkeypatch):
    for number in range(2):
        program = make_program(rules=(), slug=f"p{number}", leaderboard_period="month")
        RewardRule.objects.create(program=program, **RULE, trigger="period")
    first, awarded = Program.objects.order_by("pk").first().pk, []

    def award(*, program, at):
        if program.pk == first:
            raise ValueError("broken row")
        awarded.append(program.pk)
        return [None]

    monkeypatch.setattr(award_leaderboard, "award_leaderboard", award)
    assert award_leaderboard.award_leaderboards() == 1
    assert awarded == [program.pk]
