import pytest

from referral_blocks.core.money import Money
from referral_blocks.ledger.models import Account, AppendOnlyError, LedgerEntry, LedgerLine
from referral_blocks.ledger.selectors import balances, unbalanced_entries
from referral_blocks.ledger.services import post_transfer
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(db):
    return post(make_link(make_program()).referrer)


def post(referrer, key="one", amount=500):
    return post_transfer(
        key=key,
        kind="test",
        program_id=referrer.program_id,
        person_id=referrer.person_id,
        amount=Money(amount, "GBP"),
        debit=Account.EXPENSE,
        credit=Account.PENDING,
    )


def test_an_entry_has_two_lines_that_sum_to_zero(entry):
    assert list(entry.lines.values_list("account", "amount_minor", "currency")) == [
        ("reward_expense", 500, "GBP"),
        ("rewards_pending", -500, "GBP"),
    ]
    assert unbalanced_entries() == []


def test_the_same_key_posts_once(entry):
    again = post(entry.lines.first().person.referrers.get(), amount=700)
    assert again == entry
    assert balances(program_id=entry.program_id)[("reward_expense", "GBP")] == 500


def test_history_is_neither_changed_nor_deleted(entry):
    line = entry.lines.first()
    line.amount_minor = 1
    for attempt in (
        line.save,
        line.delete,
        entry.delete,
        lambda: LedgerLine.objects.update(amount_minor=1),
        lambda: LedgerLine.objects.all().delete(),
        lambda: LedgerEntry.objects.filter(pk=entry.pk).delete(),
    ):
        with pytest.raises(AppendOnlyError):
            attempt()
    assert sorted(LedgerLine.objects.values_list("amount_minor", flat=True)) == [-500, 500]
