"""Many at once, with real threads and real connections, on whichever database the run uses."""

import pytest

from referral_blocks.flows.confirm_import import confirm_import
from referral_blocks.flows.import_sales import import_sales, run_import
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.ledger.selectors import balances, unbalanced_entries
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale, SaleImport, SaleImportRow, SaleReversal
from tests.make import make_program, make_referral
from tests.referral_blocks.flows.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def sold():
    program = make_referral(make_program()).program
    sale = {"source": "api", "external_id": "order-1", "friend_email": "friend@example.com"}
    record_sale(program=program, amount="100", currency="GBP", **sale)
    return program


def reverse(program, reversal_id, amount):
    ids = {"source": "api", "external_id": "order-1", "reversal_id": reversal_id}
    return reverse_sale(program=program, kind="refund", amount=amount, **ids)


def test_many_deliveries_of_one_refund_count_once():
    program = sold()
    results = at_once(lambda n: reverse(program, "r-1", "25"))
    assert [r.created for r in results].count(True) == 1
    assert (SaleReversal.objects.count(), Sale.objects.get().reversed_minor) == (1, 2500)
    assert sorted(Reward.objects.values_list("amount_minor", flat=True)) == [750, 1500]
    assert unbalanced_entries() == []
    assert balances(program_id=program.pk) == {("reward_expense", "GBP"): 2250, ("rewards_pending", "GBP"): -2250}


def test_many_refunds_at_once_add_up():
    program = sold()
    at_once(lambda n: reverse(program, f"r-{n}", "5"))
    assert (SaleReversal.objects.count(), Sale.objects.get().reversed_minor) == (12, 6000)
    assert sorted(Reward.objects.values_list("amount_minor", flat=True)) == [400, 800]
    assert unbalanced_entries() == []


def test_refunds_and_new_sales_at_once_do_not_wait_for_each_other_for_ever():
    program = sold()
    sale = {"source": "api", "friend_email": "friend@example.com", "amount": "10", "currency": "GBP"}
    at_once(
        lambda n: reverse(program, f"r-{n}", "1") if n % 2 else record_sale(program=program, external_id=f"{n}", **sale)
    )
    assert (Sale.objects.count(), SaleReversal.objects.count(), Referral.objects.get().sale_count) == (7, 6, 7)


def test_many_workers_with_one_import_do_each_row_once():
    program = make_referral(make_program()).program
    lines = "".join(f"A-{n},friend@example.com,5\n" for n in range(8))
    started = import_sales(
        program=program, source="csv", name="till.csv", data=f"external_id,friend_email,amount\n{lines}".encode()
    )
    at_once(lambda n: run_import(import_id=started.pk))
    assert (SaleImport.objects.get().state, SaleImportRow.objects.count(), Sale.objects.count()) == ("done", 8, 0)
    assert confirm_import(sale_import=started)
    results = at_once(lambda n: run_import(import_id=started.pk))
    assert sum(results) == 8
    assert (SaleImport.objects.get().state, SaleImportRow.objects.count(), Sale.objects.count()) == ("done", 8, 8)
