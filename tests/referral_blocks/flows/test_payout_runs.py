"""Approved rewards are gathered into a run, looked at, confirmed and sent."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from referral_blocks.core.errors import Conflict, InvalidInput, NotAllowed, NotPossibleNow
from referral_blocks.flows.cancel_payout_run import cancel_payout_run
from referral_blocks.flows.cancel_payouts import cancel_rewards
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.confirm_payout_run import (
    carry_out_payout_run,
    confirm_payout_run,
)
from referral_blocks.flows.exclude_from_run import exclude_from_run
from referral_blocks.flows.pay_reward import approve_and_pay_if_clear
from referral_blocks.flows.plan_payout_run import plan_payout_run, preview_payout_run
from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.payouts.models import Payout, PayoutChange
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.payouts.run import PayoutRun, PayoutRunChange
from referral_blocks.rewards.models import Reward
from referral_blocks.rewards.services import clear_reason
from tests.payout_fake import new_shop
from tests.runs import GIFT, buy, confirm, friend_of, payouts, plan, providers, runs_program, send_all, staff

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


def two_people(**fields):
    """Ana has earned three times, Ben once."""
    program = runs_program(**fields)
    ana, ben = friend_of(program, "ana"), friend_of(program, "ben")
    for order in ("a1", "a2", "a3"):
        buy(ana, order)
    buy(ben, "b1")
    return program


def policy(program, **limits):
    PayoutPolicy.objects.create(program=program, currency="GBP", **limits)


def stays(gathering):
    return [(stay.reward.person.name, stay.code) for stay in gathering.stays]


def states():
    return sorted(Reward.objects.values_list("person__name", "state"))


def test_a_person_s_rewards_go_out_as_one_payout_once_two_steps_are_taken(shop):
    program = two_people()
    assert not Payout.objects.exists()
    run = plan(program)
    assert (run.state, run.currency, run.created_by, run.gathered_at is not None) == ("draft", "GBP", staff(), True)
    assert payouts(run) == [("Ana", 6000, "draft"), ("Ben", 2000, "draft")]
    assert send_all() == []
    assert confirm(run)
    assert payouts(run) == [("Ana", 6000, "confirmed"), ("Ben", 2000, "confirmed")]
    assert send_all() == ["paid", "paid"]
    assert [order.amount.amount_minor for order in shop.orders] == [6000, 2000]
    assert set(Reward.objects.values_list("state", flat=True)) == {"issued"}
    assert check_ledger() == []
    assert list(PayoutChange.objects.filter(to_state="confirmed").values_list("actor", flat=True)) == [staff().pk] * 2


def test_the_preview_says_what_the_run_does_and_writes_nothing(django_assert_num_queries):
    program = two_people()
    seen = preview_payout_run(program=program, provider="shop")
    assert not PayoutRun.objects.exists()
    assert [(p.person.name, len(p.rewards), p.amount_minor) for p in seen.payouts] == [
        ("Ana", 3, 6000),
        ("Ben", 1, 2000),
    ]
    assert (seen.people, seen.total_minor, seen.netted_minor, seen.stays) == (2, 8000, 0, [])
    assert [(name, amount) for name, amount, _state in payouts(plan(program))] == [("Ana", 6000), ("Ben", 2000)]


def test_the_preview_costs_the_same_however_many_wait(django_assert_num_queries):
    program = two_people()
    with django_assert_num_queries(3):
        preview_payout_run(program=program, provider="shop")
    for n in range(4):
        buy(friend_of(program, f"more{n}"), f"m{n}")
    with django_assert_num_queries(3):
        preview_payout_run(program=program, provider="shop")


def test_what_stays_says_why():
    program = runs_program(GIFT, {**GIFT, "title": "Card", "method_options": {"order_at": "claim"}})
    policy(program, minimum_minor=2500)
    ana, ben = friend_of(program, "ana"), friend_of(program, "ben")
    buy(ana, "a1")
    cut_off = timezone.now()
    buy(ana, "a2")
    buy(ben, "b1")
    seen = preview_payout_run(program=program, provider="shop", exclude=[ben.referrer.person_id])
    assert [(p.person.name, p.amount_minor) for p in seen.payouts] == [("Ana", 4000)]
    assert stays(seen) == [("Ana", "claim"), ("Ana", "claim"), ("Ben", "excluded"), ("Ben", "excluded")]
    seen = preview_payout_run(program=program, provider="shop", cut_off_at=cut_off)
    assert seen.payouts == []
    assert sorted(stays(seen)) == [
        ("Ana", "claim"), ("Ana", "claim"), ("Ana", "cut_off"), ("Ana", "minimum"),
        ("Ben", "claim"), ("Ben", "cut_off"),
    ]  # fmt: skip
    assert str(next(s for s in seen.stays if s.code == "minimum").words) == (
        "All of this person’s rewards together are below the smallest payout."
    )


def test_a_provider_that_does_not_gather_gets_one_payout_a_reward():
    program = runs_program({**GIFT, "method": "one_by_one"})
    ana = friend_of(program, "ana")
    buy(ana, "1")
    buy(ana, "2")
    run = plan_payout_run(program=program, provider="one_by_one", actor=staff())
    assert payouts(run) == [("Ana", 2000, "draft"), ("Ana", 2000, "draft")]


def test_other_choices_for_the_provider_make_another_payout():
    program = runs_program(GIFT, {**GIFT, "title": "Card", "method_options": {"product": "BOOKS"}})
    buy(friend_of(program, "ana"), "1")
    assert payouts(plan(program)) == [("Ana", 2000, "draft"), ("Ana", 2000, "draft")]


def test_a_provider_s_limits_are_looked_at_before_anything_is_made():
    program = runs_program(
        {**GIFT, "method": "picky"}, {**GIFT, "title": "Odd", "method": "picky", "amount_minor": 2050}
    )
    ana, ben = friend_of(program, "ana"), friend_of(program, "ben")
    buy(ana, "1")
    buy(ben, "2")
    PayoutAccount.objects.create(person=ana.referrer.person, provider="picky", reference="acct-1", state="ready")
    PayoutAccount.objects.create(person=ben.referrer.person, provider="picky", reference="acct-2", state="onboarding")
    # Both are pending for want of details until the account is there: approve by the flow that clears it.
    for reward in Reward.objects.filter(person=ana.referrer.person):
        clear_reason(reward=reward, reason="payout_details", cause="account")
        approve_and_pay_if_clear(reward=reward)
    seen = preview_payout_run(program=program, provider="picky")
    assert (seen.payouts, stays(seen)) == ([], [("Ana", "whole"), ("Ana", "whole")])
    buy(ana, "3")
    rewards = Reward.objects.filter(person=ana.referrer.person, state="approved")
    assert sorted(rewards.values_list("amount_minor", flat=True)) == [2000, 2000, 2050, 2050]
    seen = preview_payout_run(program=program, provider="picky")
    assert [p.amount_minor for p in seen.payouts] == []
    PayoutAccount.objects.update(state="restricted")
    assert stays(preview_payout_run(program=program, provider="picky")) == [("Ana", "details")] * 4


def test_as_few_payouts_as_the_largest_amount_allows():
    program = two_people()
    policy(program, person_cap_minor=4500)
    assert payouts(plan(program)) == [("Ana", 4000, "draft"), ("Ana", 2000, "draft"), ("Ben", 2000, "draft")]


def test_what_no_day_has_room_for_stays():
    program = two_people()
    policy(program, daily_cap_minor=1500)
    assert stays(preview_payout_run(program=program, provider="shop")) == [("Ana", "above_cap")] * 3 + [
        ("Ben", "above_cap")
    ]
    with pytest.raises(NotPossibleNow):
        plan(program)
    assert not PayoutRun.objects.exists()


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"provider": "pigeon"}, ("provider",), "unknown_method"),
        ({"provider": "manual"}, ("provider",), "not_used"),
        ({"provider": "shop", "cut_off_at": timezone.now() + timedelta(days=1)}, ("cutOffAt",), "in_future"),
    ],
)
def test_a_run_that_cannot_be_is_refused(given, path, code):
    program = two_people()
    with pytest.raises(InvalidInput) as refusal:
        plan_payout_run(program=program, actor=staff(), **given)
    assert (refusal.value.path, refusal.value.code, PayoutRun.objects.count()) == (path, code, 0)


def test_a_second_planner_gets_the_same_run_and_it_is_not_changed():
    program = two_people()
    run = plan(program)
    buy(friend_of(program, "cleo"), "c1")
    again = plan_payout_run(program=program, provider="shop", actor=staff("other"))
    assert (again.pk, again.created_by, len(payouts(run))) == (run.pk, staff(), 2)


def test_what_is_taken_out_waits_for_the_next_run():
    program = two_people()
    run = plan(program)
    ben = Payout.objects.get(person__name="Ben")
    assert exclude_from_run(payout=ben, actor=staff(), note="Moved house")
    assert not exclude_from_run(payout=ben, actor=staff(), note="Again")
    assert payouts(run) == [("Ana", 6000, "draft"), ("Ben", 2000, "cancelled")]
    assert states() == [("Ana", "reserved")] * 3 + [("Ben", "approved")]
    change = PayoutChange.objects.get(to_state="cancelled")
    assert (change.reason, change.note, change.actor) == ("excluded", "Moved house", staff())
    plan(program)  # the same run does not take them in again
    assert len(payouts(run)) == 2
    assert confirm(run)
    with pytest.raises(NotPossibleNow):
        exclude_from_run(payout=Payout.objects.get(person__name="Ana"), actor=staff(), note="Late")
    assert payouts(plan(program)) == [("Ben", 2000, "draft")]
    assert check_ledger() == []


def test_what_was_cancelled_for_another_reason_was_not_taken_out():
    """Who asks would believe that its person stays out of this run from now on."""
    run = plan(two_people())
    ben = Payout.objects.get(person__name="Ben")
    cancel_rewards(rewards=Reward.objects.filter(person=ben.person), reason="withdrawn")
    before = PayoutChange.objects.count()
    with pytest.raises(NotPossibleNow):
        exclude_from_run(payout=ben, actor=staff(), note="Moved house")
    run.refresh_from_db()
    assert (run.excluded, PayoutChange.objects.count()) == ([], before)


def test_a_cancelled_run_gives_everything_free():
    program = two_people()
    run = plan(program)
    assert cancel_payout_run(run=run, actor=staff(), note="Wrong month")
    assert not cancel_payout_run(run=run, actor=staff(), note="Again")
    carry_out_payout_run(run_id=run.pk)
    assert payouts(run) == [("Ana", 6000, "cancelled"), ("Ben", 2000, "cancelled")]
    assert states() == [("Ana", "approved")] * 3 + [("Ben", "approved")]
    with pytest.raises(NotPossibleNow):
        confirm(run)
    assert (send_all(), check_ledger()) == ([], [])
    assert payouts(plan(program)) == [("Ana", 6000, "draft"), ("Ben", 2000, "draft")]


def test_a_note_says_why():
    run = plan(two_people())
    for step, subject in ((cancel_payout_run, {"run": run}), (exclude_from_run, {"payout": Payout.objects.first()})):
        with pytest.raises(InvalidInput) as refusal:
            step(**subject, actor=staff(), note=" ")
        assert refusal.value.path == ("note",)
    assert {state for _n, _a, state in payouts(run)} == {"draft"}


# Two people


@pytest.mark.parametrize(
    ("limit", "asks"), [(None, False), (8000, False), (7999, True), (5999, True), (0, True)]
)  # the run comes to 8000, its largest payout to 6000
def test_a_second_person_is_asked_above_the_limit(limit, asks):
    program = two_people()
    if limit is not None:
        policy(program, second_person_minor=limit)
    run = plan(program)
    assert confirm(run) is not asks
    assert run.state == ("second" if asks else "confirmed")
    assert {state for _n, _a, state in payouts(run)} == {"draft" if asks else "confirmed"}


def test_the_second_person_is_another_one():
    program = two_people()
    policy(program, second_person_minor=1)
    run = plan(program)
    assert not confirm(run, "fin")
    with pytest.raises(NotAllowed):
        confirm(run, "fin")
    run.refresh_from_db()
    assert (run.state, run.seconded_by, send_all()) == ("second", None, [])
    assert confirm(run, "boss")
    run.refresh_from_db()
    assert (run.state, run.confirmed_by, run.seconded_by) == ("confirmed", staff("fin"), staff("boss"))
    rows = PayoutRunChange.objects.values_list("from_state", "to_state", "actor")
    assert list(rows) == [("draft", "second", staff("fin").pk), ("second", "confirmed", staff("boss").pk)]
    assert send_all() == ["paid", "paid"]


def test_the_database_itself_refuses_one_person_twice():
    run = plan(two_people())
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutRun.objects.filter(pk=run.pk).update(confirmed_by=staff(), seconded_by=staff())


def test_the_database_itself_refuses_two_drafts():
    run = plan(two_people())
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutRun.objects.create(program=run.program, provider="shop", currency="GBP", cut_off_at=run.cut_off_at)


def test_a_single_reward_above_the_limit_waits_for_a_run_also_where_rewards_go_at_once():
    program = runs_program(payout_mode="at_once")
    policy(program, second_person_minor=1999)
    buy(friend_of(program, "ana"), "1")
    assert (Reward.objects.get().state, Payout.objects.count()) == ("approved", 0)
    run = plan(program)
    assert not confirm(run)
    assert confirm(run, "boss")
    assert send_all() == ["paid"]


def test_what_was_looked_at_is_what_is_confirmed():
    run = plan(two_people())
    exclude_from_run(payout=Payout.objects.get(person__name="Ben"), actor=staff(), note="Later")
    with pytest.raises(Conflict):
        confirm_payout_run(run=run, actor=staff(), seen_minor=8000)
    run.refresh_from_db()
    assert (run.state, run.confirmed_by) == ("draft", None)
    assert confirm(run, seen_minor=6000)


def test_an_empty_or_confirmed_run_is_not_confirmed():
    run = plan(two_people())
    for payout in Payout.objects.all():
        exclude_from_run(payout=payout, actor=staff(), note="Later")
    with pytest.raises(NotPossibleNow):
        confirm(run)
    run = plan(cancel_and_return_program(run))
    confirm(run)
    with pytest.raises(NotPossibleNow):
        confirm(run, "boss")
    assert (run.seconded_by, len(send_all())) == (None, 2)


def cancel_and_return_program(run):
    cancel_payout_run(run=run, actor=staff(), note="Empty")
    return run.program
