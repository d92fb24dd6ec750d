"""What the ledger tells: liability, statements, the nightly check, and that its history cannot be changed."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from referral_blocks.core.money import Money
from referral_blocks.flows.check_ledger import Difference, check_ledger
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.ledger import triggers
from referral_blocks.ledger.models import AppendOnlyError, LedgerEntry, LedgerLine
from referral_blocks.ledger.selectors import Liability, liability, trial_balance
from referral_blocks.ledger.statement import statement
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import Reward, SpendCounter
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db
GIFT = {"side": "referrer", "title": "Gift", "amount_minor": 2000, "hold_days": 0, "approval": "automatic"}
EVERY = {**GIFT, "sale_to": None}


@pytest.fixture
def program() -> Program:
    return make_referral(make_program(rules=(EVERY,))).program


@pytest.fixture
def guarded():
    with connection.cursor() as cursor:
        editor = type("Editor", (), {"connection": connection, "cursor": cursor})()
        triggers.install(None, editor)
        triggers.install(None, editor)  # once more: as after a migration that altered a table
    yield
    triggers.remove(None, editor)


def buy(program, number=1):
    sale = {"source": "api", "external_id": str(number), "friend_email": "friend@example.com"}
    return record_sale(program=program, amount="100", currency="GBP", **sale).rewards[0]


def pay(reward):
    send_payout(payout_id=Payout.objects.get(items__reward=reward).pk)


def hand_over(reward, actor):
    mark_handed_over(handover=Handover.objects.get(payout__items__reward=reward), actor=actor)


def test_liability_says_how_far_the_money_is(program, admin_user):
    rewards = [buy(program, n) for n in range(3)]
    for reward in rewards[:2]:
        pay(reward)
    hand_over(rewards[0], admin_user)
    reverse_sale(program=program, source="api", external_id="0", reversal_id="r", kind="refund", amount="25")
    (line,) = liability(program_id=program.pk)
    assert line == Liability("GBP", held=0, payable=2000, in_transit=2000, paid=2000, clawed_back=500, points=0)
    assert line.owed == 3500
    assert trial_balance() == {
        "GBP": {
            "reward_expense": 5500,
            "rewards_pending": 0,
            "rewards_payable": -2000,
            "in_transit": -2000,
            "provider_cash": -2000,
            "clawback_receivable": 500,
        }
    }
    assert check_ledger() == []


def test_a_statement_tells_the_story_with_a_running_balance(program, admin_user):
    reward = buy(program)
    pay(reward)
    hand_over(reward, admin_user)
    reverse_sale(program=program, source="api", external_id="1", reversal_id="r", kind="refund", amount="25")
    lines = statement(program=program, person=reward.person)
    assert [(x.words, x.amount.amount_minor, x.change.amount_minor, x.balance.amount_minor) for x in lines] == [
        ("Reward earned", 2000, 2000, 2000),
        ("Reward approved", 2000, 0, 2000),
        ("On its way", 2000, 0, 2000),
        ("Received", 2000, -2000, 0),
        ("Taken back because the sale was reversed", 500, -500, -500),
    ]
    assert lines[0].balance == Money(2000, "GBP")


def test_a_statements_next_page_goes_on_with_the_balance(program):
    for number in range(5):
        buy(program, number)
    person = Reward.objects.first().person
    whole = statement(program=program, person=person)
    first = statement(program=program, person=person, limit=4)
    second = statement(program=program, person=person, after=first[-1].entry_id)
    assert first + second == whole
    assert whole[-1].balance == Money(10_000, "GBP")


def test_a_page_costs_two_queries_whatever_the_history(program):
    for number in range(6):
        buy(program, number)
    person = Reward.objects.first().person
    with CaptureQueriesContext(connection) as queries:
        assert len(statement(program=program, person=person, after=2, limit=3)) == 3
    assert len(queries) == 2


def test_other_programmes_and_people_are_not_on_a_statement(program):
    reward = buy(program)
    other = make_program(slug="other", rules=(EVERY,))
    assert statement(program=other, person=reward.person) == []
    assert statement(program=program, person=reward.referral.friend) == []


def test_the_nightly_check_names_what_does_not_agree(program, caplog):
    reward = buy(program)
    assert check_ledger() == []
    Payout.objects.update(amount_minor=1999)
    Reward.objects.filter(pk=reward.pk).update(holds_budget=False)
    found = check_ledger()
    assert found == [
        Difference("rewards_payable", program.pk, "GBP", 2000, 1999),
        Difference("clawback_receivable", program.pk, "GBP", 0, -1),
        Difference("budget", program.pk, "", 2000, 0),
    ]
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 3


def test_the_nightly_check_finds_an_entry_that_does_not_sum_to_zero(program):
    reward = buy(program)
    entry = LedgerEntry.objects.create(key="bad", kind="bad", program=program)
    LedgerLine.objects.create(
        entry=entry, account="reward_expense", person=reward.person, amount_minor=7, currency="GBP"
    )
    assert check_ledger() == [Difference(f"entry:{entry.pk}", None, "GBP", 7, 0)]


def test_the_nightly_check_finds_a_counter_that_is_gone(program):
    buy(program)
    SpendCounter.objects.all().delete()
    assert check_ledger() == [Difference("budget", program.pk, "", 0, 2000)]


def test_the_nightly_check_costs_the_same_whatever_the_history(program):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            check_ledger()
        return len(queries)

    buy(program, 1)
    one = cost()
    for number in range(2, 6):
        buy(program, number)
    assert cost() == one


def test_the_models_refuse_to_change_history(program):
    buy(program)
    line = LedgerLine.objects.first()
    for change in (line.save, line.delete, LedgerLine.objects.all().delete, LedgerEntry.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()
    with pytest.raises(AppendOnlyError):
        LedgerLine.objects.update(amount_minor=1)


@pytest.mark.parametrize("table", triggers.TABLES)
def test_the_database_refuses_an_update_too(program, guarded, table):
    assert triggers.installed(connection)
    buy(program)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET id = id + 1000")
    assert check_ledger() == []


def test_a_delete_is_refused_by_the_models_and_on_postgresql_by_the_database_too(program, guarded):
    buy(program)
    lines = LedgerLine.objects.count()
    with pytest.raises(AppendOnlyError):
        LedgerLine.objects.all().delete()
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {triggers.TABLES[1]}")
    assert LedgerLine.objects.count() == lines > 0
