"""A file of sales: tried, confirmed, recorded row by row, and gone on with after a crash."""

import csv
import io
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from referral_blocks.core import queue
from referral_blocks.core.errors import DomainError
from referral_blocks.flows import import_sales as flow
from referral_blocks.flows.confirm_import import confirm_import
from referral_blocks.flows.import_sales import import_sales, resume_imports, run_import
from referral_blocks.ledger.models import LedgerEntry
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.imports import refused_rows_csv
from referral_blocks.sales.models import Sale, SaleImport, SaleImportRow
from referral_blocks.sales.selectors import import_progress
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db
HEAD = "external_id,friend_email,amount"
GOOD = f"{HEAD}\nA-1,friend@example.com,149.00\nA-2,friend@example.com,5\nA-3,friend@example.com,7.50\n"
BAD = f'{HEAD}\nA-1,friend@example.com,149.00\n=A-2,nobody@example.com,5\nA-3,friend@example.com,-1\n"A-4,x,1\n'


@pytest.fixture
def program(db):
    return make_referral(make_program()).program


def start(program, text=GOOD, **given):
    file = {"source": "csv", "name": "till.csv", "data": text.encode()}
    return import_sales(program=program, **{**file, **given})


def tried(program, text=GOOD):
    started = start(program, text)
    run_import(import_id=started.pk)
    started.refresh_from_db()
    return started


def confirmed(program, text=GOOD):
    started = tried(program, text)
    assert confirm_import(sale_import=started)
    return started


def progress(started):
    p = import_progress(sale_import=started)
    return p.total, p.done, p.recorded, p.repeated, p.refused


def test_a_dry_run_says_what_would_happen_and_records_nothing(program):
    before = queue.waiting_count()
    started = tried(program, BAD)
    assert (started.dry_run, started.state, progress(started)) == (True, "done", (4, 4, 1, 0, 3))
    assert (Sale.objects.count(), Reward.objects.count(), LedgerEntry.objects.count()) == (0, 0, 0)
    assert (Referral.objects.get().stage, queue.waiting_count()) == ("captured", before + 1)
    rows = SaleImportRow.objects.values_list("number", "external_id", "outcome", "code", "sale")
    assert list(rows) == [
        (2, "A-1", "recorded", "", None),
        (3, "=A-2", "refused", "no_referral", None),
        (4, "A-3", "refused", "invalid_amount", None),
        (5, "", "refused", "broken_quotes", None),
    ]


def test_a_row_is_told_all_that_is_wrong_with_it(program):
    tried(program, f"{HEAD}\nA-1,kim@,-1\n")
    row = SaleImportRow.objects.get()
    assert (row.outcome, row.code, row.message) == (
        "refused",
        "invalid_email",
        "“kim@” is not an e-mail address. Check it for typing errors. The amount has to be more than zero.",
    )
    assert not Sale.objects.exists()


TWICE = (
    f"{HEAD}\n"
    "A-1,friend@example.com,-1\n"  # refused: it records nothing
    "A-1,friend@example.com,10\n"
    "A-2,friend@example.com,5\n"
    "A-1,friend@example.com,10.00\n"  # the same again
    "A-1,friend@example.com,11\n"  # another amount
    "A-1,nobody@example.com,10\n"
    "A-2 ,friend@example.com,5\n"
)


def outcomes(started):
    return list(SaleImportRow.objects.filter(sale_import=started).values_list("number", "outcome", "code"))


@pytest.mark.parametrize("batch", [500, 2])
def test_a_dry_run_says_of_orders_that_come_twice_what_the_real_run_says(program, monkeypatch, batch):
    monkeypatch.setattr(flow, "BATCH", batch)

    def run_through(started):
        while run_import(import_id=started.pk):
            pass
        started.refresh_from_db()
        return outcomes(started)

    started = start(program, TWICE)
    dry = run_through(started)
    assert dry == [
        (2, "refused", "invalid_amount"),
        (3, "recorded", ""),
        (4, "recorded", ""),
        (5, "repeated", ""),
        (6, "refused", "conflict"),
        (7, "refused", "no_referral"),
        (8, "repeated", ""),
    ]
    conflict = SaleImportRow.objects.get(code="conflict").message
    assert conflict == "Row 3 of this file has the same order number, with other content."
    assert (Sale.objects.count(), Reward.objects.count(), LedgerEntry.objects.count()) == (0, 0, 0)
    confirm_import(sale_import=started)
    assert (run_through(started), Sale.objects.count()) == (dry, 2)


def test_a_confirmed_run_records_the_sales_and_forgets_the_file(program):
    started = confirmed(program)
    assert (started.dry_run, progress(started)) == (False, (3, 0, 0, 0, 0))
    assert run_import(import_id=started.pk) == 3
    started.refresh_from_db()
    assert (started.state, started.content, progress(started)) == ("done", "", (3, 3, 3, 0, 0))
    assert list(Sale.objects.order_by("number").values_list("source", "external_id", "amount_minor")) == [
        ("csv", "A-1", 14_900),
        ("csv", "A-2", 500),
        ("csv", "A-3", 750),
    ]
    assert SaleImportRow.objects.get(number=4).sale.external_id == "A-3"


def test_confirming_twice_runs_once_and_a_run_that_is_done_does_nothing(program):
    started = confirmed(program)
    assert not confirm_import(sale_import=started)
    assert [run_import(import_id=started.pk) for _ in range(2)] == [3, 0]
    assert Sale.objects.count() == 3


def test_the_same_file_again_records_nothing_new(program):
    run_import(import_id=confirmed(program).pk)
    again = confirmed(program)
    run_import(import_id=again.pk)
    assert (progress(again), Sale.objects.count()) == ((3, 3, 0, 3, 0), 3)


def test_the_same_order_with_another_amount_is_refused(program):
    run_import(import_id=confirmed(program).pk)
    assert (
        SaleImportRow.objects.filter(sale_import=tried(program, f"{HEAD}\nA-1,friend@example.com,1"))[0].code
        == "conflict"
    )


def test_a_dry_run_that_is_not_done_cannot_be_confirmed(program):
    started = start(program)
    with pytest.raises(DomainError) as refused:
        confirm_import(sale_import=started)
    assert (refused.value.code, SaleImport.objects.get().dry_run) == ("wrong_state", True)


def test_a_crash_in_the_middle_loses_nothing_and_does_no_row_twice(program, monkeypatch):
    started = confirmed(program)
    real, calls = flow.record_sale, []

    def break_at_the_second(**sale):
        calls.append(sale["external_id"])
        result = real(**sale)
        if len(calls) == 2:
            raise RuntimeError("the worker was killed")
        return result

    monkeypatch.setattr(flow, "record_sale", break_at_the_second)
    with pytest.raises(RuntimeError):
        run_import(import_id=started.pk)
    assert (progress(started), Sale.objects.count()) == ((3, 1, 1, 0, 0), 1)
    assert run_import(import_id=started.pk) == 2
    assert (calls, Sale.objects.count()) == (["A-1", "A-2", "A-2", "A-3"], 3)
    assert SaleImport.objects.get().state == "done"


def test_a_lost_task_is_queued_again_once(program):
    confirmed(program)
    assert resume_imports() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        waiting = queue.waiting_count()
        assert (resume_imports(), resume_imports(), queue.waiting_count()) == (1, 0, waiting + 1)


def test_a_long_file_goes_on_in_the_next_task(program, monkeypatch):
    monkeypatch.setattr(flow, "BATCH", 2)
    started = start(program)
    waiting = queue.waiting_count()
    assert (run_import(import_id=started.pk), queue.waiting_count()) == (2, waiting + 1)
    assert (SaleImport.objects.get().state, progress(started)) == ("running", (3, 2, 2, 0, 0))
    assert (run_import(import_id=started.pk), SaleImport.objects.get().state) == (1, "done")


def test_a_late_task_of_the_dry_run_does_not_touch_the_real_run(program):
    started = tried(program)
    late = SaleImport.objects.select_related("program").get(pk=started.pk)
    confirm_import(sale_import=started)
    SaleImport.objects.update(state="running")
    row = next(flow.sale_source("csv").rows(late.content))
    assert flow._do(late, row, flow._Twins(late)) is False
    assert not SaleImportRow.objects.exists()


def test_a_file_that_nobody_confirms_is_forgotten_after_a_month(program):
    started = tried(program)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        resume_imports()
        assert SaleImport.objects.get().content == ""
        with pytest.raises(DomainError) as refused:
            confirm_import(sale_import=started)
    assert refused.value.code == "wrong_state"


def test_the_report_names_every_refused_row_and_no_spreadsheet_runs_it(program):
    report = list(csv.reader(io.StringIO(refused_rows_csv(sale_import=tried(program, BAD)))))
    assert report == [
        ["row", "order number", "code", "what to do"],
        ["3", "'=A-2", "no_referral", "Nobody with this e-mail address was referred in this programme."],
        ["4", "A-3", "invalid_amount", "The amount has to be more than zero."],
        ["5", "", "broken_quotes", "The quotation marks in this row do not match."],
    ]


def test_a_date_without_a_zone_is_in_the_programmes():
    referral = make_referral(make_program(time_zone="Pacific/Auckland"))
    auckland = ZoneInfo("Pacific/Auckland")
    midnight = datetime.combine(timezone.now().astimezone(auckland).date(), time.min, auckland)
    row = f"A-1,friend@example.com,5,{midnight:%Y-%m-%d %H:%M}"
    run_import(import_id=confirmed(referral.program, f"{HEAD},occurred_at\n{row}").pk)
    sold = Sale.objects.get().occurred_at
    assert sold.utcoffset() == timedelta(0)
    assert sold == midnight


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"source": "excel"}, "unknown_source"),
        ({"data": b"a,b\n1,2"}, "missing_columns"),
        ({"data": HEAD.encode()}, "empty_file"),
        ({"name": "x" * 201}, "too_long"),
    ],
)
def test_a_bad_file_starts_nothing(program, given, code):
    before = queue.waiting_count()
    with pytest.raises(DomainError) as refused:
        start(program, **given)
    assert (refused.value.code, SaleImport.objects.count(), queue.waiting_count()) == (code, 0, before)
