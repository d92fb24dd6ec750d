"""Points: given by a payout, used oldest first, gone after their date, and never below zero."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from referral_blocks.core.errors import Conflict, DomainError, NotPossibleNow
from referral_blocks.core.money import Money
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.expire_points import expire_points
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.redeem_points import redeem_points
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.ledger import points as points_module
from referral_blocks.ledger.models import Account, LedgerEntry, PointsLot
from referral_blocks.ledger.points import add_points, spendable
from referral_blocks.ledger.selectors import balances, points_balance, unbalanced_entries
from referral_blocks.ledger.services import post_transfer
from referral_blocks.ledger.statement import statement
from referral_blocks.payouts.models import Payout
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from tests.at_once import at_once
from tests.make import make_program, make_referral

THREADS = 12
RULE = {"side": "referrer", "title": "100 points", "amount_minor": 100, "currency": "PTS", "method": "points"}
AT_ONCE = {**RULE, "hold_days": 0, "approval": "automatic", "sale_to": None}


def expiring(days):
    return override_settings(REFERRAL_BLOCKS={"POINTS_EXPIRE_DAYS": days, "RATE_LIMITS_ENABLED": False})


def prepare(sales: int = 1) -> tuple[Program, Person]:
    """A referrer with 100 points a sale."""
    referral = make_referral(make_program(rules=(AT_ONCE,)))
    for number in range(sales):
        earn(referral.program, number)
    return referral.program, referral.referrer.person


def earn(program, number):
    sale = {"source": "api", "external_id": str(number), "friend_email": "friend@example.com"}
    record_sale(program=program, amount="10", currency="GBP", **sale)
    send_payout(payout_id=Payout.objects.order_by("pk").last().pk)


def use(program, person, points, number="r1", **more):
    return redeem_points(program=program, person=person, points=points, redemption_id=number, **more)


def both(program, person) -> tuple[int, int]:
    """The balance as the ledger has it, and what can be used."""
    given = {"program_id": program.pk, "person_id": person.pk}
    return points_balance(**given), spendable(**given)


@pytest.mark.django_db
def test_a_paid_payout_becomes_points_and_not_money_that_left_the_house():
    program, person = prepare()
    assert both(program, person) == (100, 100)
    assert {k: v for k, v in balances(program_id=program.pk).items() if v} == {
        ("reward_expense", "PTS"): 100,
        ("points", "PTS"): -100,
    }
    assert list(PointsLot.objects.values_list("key", "points", "left", "expires_at")) == [
        (f"payout:{Payout.objects.get().pk}", 100, 100, None)
    ]
    assert send_payout(payout_id=Payout.objects.get().pk) is None
    assert both(program, person) == (100, 100)


@pytest.mark.django_db
def test_points_that_expire_first_are_used_first():
    with expiring(30):
        program, person = prepare()
    with expiring(10):
        earn(program, 7)
    result = use(program, person, 150)
    assert (result.created, result.left) == (True, 50)
    assert list(PointsLot.objects.order_by("pk").values_list("left", flat=True)) == [50, 0]
    assert check_ledger() == []


@pytest.mark.django_db
def test_the_same_redemption_twice_is_one():
    program, person = prepare()
    first, second = use(program, person, 30, note="A mug"), use(program, person, 30, note="A mug")
    assert (first.created, second.created, second.entry, second.left) == (True, False, first.entry, 70)
    assert first.entry.note == "A mug"
    assert LedgerEntry.objects.filter(kind="points_redeemed").count() == 1


@pytest.mark.django_db
def test_the_same_redemption_is_answered_also_when_nothing_is_left():
    program, person = prepare()
    assert (use(program, person, 100).created, use(program, person, 100).created) == (True, False)


@pytest.mark.django_db
def test_a_redemption_id_with_another_amount_or_person_is_refused():
    program, person = prepare(2)
    use(program, person, 30)
    stranger = Person.objects.exclude(pk=person.pk).get()
    for who, points in ((person, 31), (stranger, 30)):
        with pytest.raises(Conflict) as refused:
            use(program, who, points)
        assert refused.value.path == ("redemptionId",)
    assert both(program, person) == (170, 170)


@pytest.mark.django_db
def test_more_than_there_is_cannot_be_used():
    program, person = prepare()
    with pytest.raises(NotPossibleNow) as refused:
        use(program, person, 101)
    assert (refused.value.code, refused.value.path) == ("not_enough_points", ("points",))
    assert both(program, person) == (100, 100)
    assert not LedgerEntry.objects.filter(kind="points_redeemed").exists()


@pytest.mark.django_db
def test_points_of_one_programme_are_not_spent_in_another():
    _program, person = prepare()
    other = make_program(slug="other")
    with pytest.raises(NotPossibleNow):
        use(other, person, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("points", "given", "code", "path"),
    [
        (0, {}, "invalid_amount", ("points",)),
        (-5, {}, "invalid_amount", ("points",)),
        (True, {}, "invalid_amount", ("points",)),
        (10**16, {}, "invalid_amount", ("points",)),
        (1, {"number": " "}, "required", ("redemptionId",)),
        (1, {"number": "x" * 81}, "too_long", ("redemptionId",)),
        (1, {"note": "a\x00b"}, "invalid_text", ("note",)),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(points, given, code, path):
    program, person = prepare()
    with pytest.raises(DomainError) as refused:
        use(program, person, points, **given)
    assert (refused.value.code, refused.value.path) == (code, path)
    assert both(program, person) == (100, 100)


@pytest.mark.django_db
def test_what_is_left_of_a_lot_expires_once():
    with expiring(30):
        program, person = prepare()
    use(program, person, 40)
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        assert expire_points() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        # Past their date, points cannot be used even if the task is late.
        assert both(program, person) == (60, 0)
        with pytest.raises(NotPossibleNow):
            use(program, person, 1, "r2")
        assert (expire_points(), expire_points()) == (1, 0)
        assert both(program, person) == (0, 0)
    assert balances(program_id=program.pk)[("points_expired", "PTS")] == -60
    assert (unbalanced_entries(), check_ledger()) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_twelve_redemptions_at_once_never_go_below_zero():
    program, person = prepare(5)

    def work(number: int) -> bool:
        try:
            return use(program, person, 90, f"r{number}").created
        except NotPossibleNow:
            return False

    assert at_once(work, threads=THREADS).count(True) == 5
    assert both(program, person) == (50, 50)
    assert check_ledger() == []


@pytest.mark.django_db(transaction=True)
def test_one_redemption_delivered_twelve_times_at_once_is_one():
    program, person = prepare()
    results = at_once(lambda n: use(program, person, 30), threads=THREADS)
    assert [r.created for r in results].count(True) == 1
    assert both(program, person) == (70, 70)


@pytest.mark.django_db(transaction=True)
def test_redemptions_and_expiry_at_once_use_each_point_once():
    with expiring(30):
        program, person = prepare(3)
    moment = timezone.now() + timedelta(days=30)

    def work(number: int) -> None:
        if number % 2:
            expire_points()
        else:
            try:
                use(program, person, 60, f"r{number}")
            except NotPossibleNow:
                return

    with time_machine.travel(moment):
        at_once(work, threads=THREADS)
    assert both(program, person)[0] >= 0
    assert check_ledger() == []


@pytest.mark.django_db
def test_points_of_a_sale_that_came_back_cannot_be_used():
    program, person = prepare()
    sale = {"program": program, "source": "api", "external_id": "0"}
    reverse_sale(kind="refund", reversal_id="r-1", amount="4", **sale)
    assert both(program, person) == (100, 60)
    with pytest.raises(NotPossibleNow) as refused:
        use(program, person, 61)
    assert refused.value.code == "not_enough_points"
    assert use(program, person, 60).left == 0
    reverse_sale(kind="refund", reversal_id="r-2", **sale)
    assert both(program, person) == (40, 0)
    assert check_ledger() == []


def many_lots(program, person, count):
    """That many lots of one point, given in the ledger, too."""
    for number in range(count):
        add_points(key=f"lot{number}", program_id=program.pk, person_id=person.pk, points=1)
        post_transfer(
            key=f"given{number}", kind="points_given", program_id=program.pk, person_id=person.pk,
            amount=Money(1, "PTS"), debit=Account.EXPENSE, credit=Account.POINTS,
        )  # fmt: skip


@pytest.mark.django_db
def test_fifty_lots_cost_as_many_queries_as_one(django_assert_num_queries):
    program, person = make_program(), Person.objects.create(email="p@example.com", email_key="p@example.com")
    many_lots(program, person, 52)
    with CaptureQueriesContext(connection) as one:
        use(program, person, 1, "r1")
    with django_assert_num_queries(len(one)):
        use(program, person, 50, "r2")
    assert both(program, person) == (1, 1)
    assert list(PointsLot.objects.order_by("pk").values_list("left", flat=True)) == [0] * 51 + [1]
    assert check_ledger() == []


@pytest.mark.django_db
def test_a_redemption_of_more_lots_than_one_update_takes_uses_each_point_once(monkeypatch):
    monkeypatch.setattr(points_module, "CHUNK", 3)
    program, person = make_program(), Person.objects.create(email="p@example.com", email_key="p@example.com")
    many_lots(program, person, 8)
    assert use(program, person, 7).left == 1
    assert list(PointsLot.objects.order_by("pk").values_list("left", flat=True)) == [0] * 7 + [1]


@pytest.mark.django_db
def test_a_lot_that_somebody_else_used_meanwhile_stops_the_whole_redemption():
    prepare(2)
    stale = list(PointsLot.objects.order_by("pk"))
    PointsLot.objects.filter(pk=stale[1].pk).update(left=20)
    with pytest.raises(RuntimeError), transaction.atomic():
        points_module._use_up(stale, 150)
    assert list(PointsLot.objects.order_by("pk").values_list("left", flat=True)) == [100, 20]


@pytest.mark.django_db
def test_points_that_were_kept_back_pay_the_debt_at_their_date():
    with expiring(30):
        program, person = prepare()
    sale = {"program": program, "source": "api", "external_id": "0"}
    reverse_sale(kind="refund", reversal_id="r-1", amount="4", **sale)
    assert both(program, person) == (100, 60)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert (expire_points(), expire_points()) == (1, 0)
        left = {k: v for k, v in balances(program_id=program.pk).items() if v}
        # 40 went back to the house, 60 expired, and nothing is owed any more.
        assert left == {("reward_expense", "PTS"): 60, ("points_expired", "PTS"): -60}
        assert check_ledger() == []
        words = [(line.words, line.change.amount_minor) for line in statement(program=program, person=person)[-2:]]
        assert words == [("Kept, at their date, for what was taken back before", 0), ("Points expired", -60)]
        earn(program, 1)
        assert both(program, person) == (100, 100)  # not netted a second time


@pytest.mark.django_db
def test_a_debt_above_what_expires_stays_for_what_comes_next():
    with expiring(30):
        program, person = prepare()
    use(program, person, 70)
    sale = {"program": program, "source": "api", "external_id": "0"}
    reverse_sale(kind="refund", reversal_id="r-1", **sale)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert expire_points() == 1
        assert not LedgerEntry.objects.filter(kind="points_expired").exists()
        assert (balances(program_id=program.pk)[("clawback_receivable", "PTS")], check_ledger()) == (70, [])
        earn(program, 1)
        assert (both(program, person), check_ledger()) == ((30, 30), [])


@pytest.mark.django_db
def test_a_dispute_won_after_its_points_paid_the_debt_is_owed_to_the_person():
    with expiring(30):
        program, person = prepare()
    sale = {"program": program, "source": "api", "external_id": "0", "reversal_id": "d"}
    reverse_sale(kind="dispute", amount="4", **sale)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        expire_points()
        reverse_sale(kind="dispute_won", **sale)
        assert (balances(program_id=program.pk)[("clawback_receivable", "PTS")], check_ledger()) == (-40, [])
        earn(program, 1)
        assert (both(program, person), check_ledger()) == ((140, 140), [])


@pytest.mark.django_db
def test_points_that_are_owed_to_a_person_cannot_be_used_before_they_are_paid():
    program, person = prepare()
    sale = {"program": program, "source": "api", "external_id": "0", "reversal_id": "d-1"}
    reverse_sale(kind="dispute", **sale)
    earn(program, 1)
    assert both(program, person) == (100, 100)
    reverse_sale(kind="dispute_won", **sale)
    assert both(program, person) == (100, 100)
