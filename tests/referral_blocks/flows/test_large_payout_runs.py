"""Large runs, and processes that die in the middle of one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.flows import confirm_payout_run as runs
from referral_blocks.flows import gather_rewards
from referral_blocks.flows import plan_payout_run as plans
from referral_blocks.flows.confirm_payout_run import (
    resume_payout_runs,
)
from referral_blocks.flows.exclude_from_run import exclude_from_run
from referral_blocks.flows.plan_payout_run import gather_on, resume_gathering
from referral_blocks.payouts.models import Payout, PayoutItem
from referral_blocks.payouts.run import PayoutRun
from tests.payout_fake import SHOP, new_shop
from tests.runs import confirm, payouts, plan, providers, send_all, staff

from .test_payout_runs import states, two_people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(settings):
    settings.REFERRAL_BLOCKS = providers(
        one_by_one={"path": "tests.payout_fake.FakeProvider", "options": {"gathers": False, "divisible": False}},
        picky={
            "path": "tests.payout_fake.FakeProvider",
            "options": {"whole_amounts": True, "maximum_minor": {"GBP": 5000}, "needs_account": True},
        },
    )
    return new_shop()


def test_a_large_run_is_gathered_in_pieces_and_cannot_be_confirmed_before_its_end(monkeypatch):
    monkeypatch.setattr(plans, "PEOPLE", 1)
    program = two_people()
    run = plan(program)
    assert (payouts(run), run.gathered_at) == ([("Ana", 6000, "draft")], None)
    with pytest.raises(NotPossibleNow):
        confirm(run)
    assert gather_on(run_id=run.pk)
    assert payouts(run) == [("Ana", 6000, "draft"), ("Ben", 2000, "draft")]
    run.refresh_from_db()
    assert confirm(run)


def test_gathering_that_was_cut_short_goes_on(monkeypatch):
    monkeypatch.setattr(plans, "PEOPLE", 1)
    run = plan(two_people())
    assert resume_gathering() == 0  # its own task is at it
    PayoutRun.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    assert resume_gathering() == 1
    assert len(payouts(run)) == 2


def test_one_person_that_fails_keeps_nobody_else_waiting(monkeypatch):
    real = plans.draft_payout

    def draft(*, rewards, **given):
        if rewards[0].person.name == "Ana":
            raise RuntimeError
        return real(rewards=rewards, **given)

    monkeypatch.setattr(plans, "draft_payout", draft)
    run = plan(two_people())
    assert (payouts(run), run.gathered_at is not None) == ([("Ben", 2000, "draft")], True)
    assert states()[:3] == [("Ana", "approved")] * 3


def test_a_release_that_died_in_the_middle_is_finished(monkeypatch):
    monkeypatch.setattr(runs, "BATCH", 1)
    run = plan(two_people())
    confirm(run)
    assert payouts(run) == [("Ana", 6000, "confirmed"), ("Ben", 2000, "draft")]
    assert resume_payout_runs() == 1
    assert resume_payout_runs() == 0
    assert payouts(run) == [("Ana", 6000, "confirmed"), ("Ben", 2000, "confirmed")]
    assert send_all() == ["paid", "paid"]


def test_a_run_of_one_person_with_many_rewards_is_bounded(monkeypatch):
    monkeypatch.setattr(gather_rewards, "MOST_REWARDS", 2)
    program = two_people()
    run = plan(program)
    assert payouts(run) == [("Ana", 4000, "draft"), ("Ben", 2000, "draft")]
    confirm(run)
    assert payouts(plan(program)) == [("Ana", 2000, "draft")]


def test_nothing_is_claimed_twice():
    program = two_people()
    confirm(plan(program))
    with pytest.raises(NotPossibleNow):
        plan(program)
    assert PayoutItem.objects.count() == 4
    assert SHOP.sends == 0


def test_who_is_taken_out_while_the_run_still_grows_is_not_taken_in_again(monkeypatch):
    monkeypatch.setattr(plans, "PEOPLE", 1)
    run = plan(two_people())
    exclude_from_run(payout=Payout.objects.get(), actor=staff(), note="Moved house")
    assert gather_on(run_id=run.pk)
    assert payouts(run) == [("Ana", 6000, "cancelled"), ("Ben", 2000, "draft")]
