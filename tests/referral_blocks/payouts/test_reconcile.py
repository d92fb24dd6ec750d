"""Our books beside the provider’s: every kind of difference is reported, and nothing is changed."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from referral_blocks import signals
from referral_blocks.core.money import Money
from referral_blocks.flows.reconcile_payouts import reconcile_all, reconcile_payouts
from referral_blocks.flows.reverse_payout import reverse_payout
from referral_blocks.payouts import comparing
from referral_blocks.payouts.models import Payout, PayoutAttempt, PayoutChange
from referral_blocks.payouts.provider import Outcome, SentPayout
from referral_blocks.payouts.reconciliation import Difference, Reconciliation
from referral_blocks.people.models import Person
from tests.paying import another, books_agree, confirmed, later, work
from tests.payout_fake import FakeProvider, register
from tests.reversals import reverse

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(shop):
    """Two payouts that were paid, some time ago."""
    payouts = [confirmed(), another()]
    work()
    PayoutAttempt.objects.update(
        created_at=timezone.now() - timedelta(hours=5), finished_at=timezone.now() - timedelta(hours=4)
    )
    for payout in payouts:
        payout.refresh_from_db()
    return payouts


def compare(**given):
    """Kinds of difference, what is ours and theirs; what money hangs on is as it was."""
    before = list(Payout.objects.values()), PayoutChange.objects.count(), list(PayoutAttempt.objects.values())
    report = reconcile_payouts(provider="fake", **given)
    assert before == (list(Payout.objects.values()), PayoutChange.objects.count(), list(PayoutAttempt.objects.values()))
    assert report.finished_at is not None
    assert report.error == ""
    return [(d.kind, d.payout_id, d.ours, d.theirs) for d in report.differences.all()]


def test_books_that_agree(paid, shop):
    assert (compare(), Reconciliation.objects.get().compared) == ([], 2)


def test_what_we_have_paid_and_they_do_not_have(paid, shop):
    shop.orders.pop()
    assert compare() == [("missing_there", paid[1].pk, "paid 2000 GBP", "")]


def test_what_they_have_and_we_do_not(paid, shop):
    theirs = "00000000-0000-4000-8000-000000000000"
    shop.orders[1].payout_id, shop.orders[1].ref = theirs, "fake-9"
    assert compare() == [
        ("missing_here", None, "", f"paid 2000 GBP {theirs}"),
        ("missing_there", paid[1].pk, "paid 2000 GBP", ""),
    ]


def test_what_somebody_else_made_with_the_same_account_is_no_difference(paid, shop):
    shop.orders.append(type(shop.orders[0])("by-hand", "k", "", Money(1, "GBP"), timezone.now()))
    assert compare() == []


def test_another_amount(paid, shop):
    shop.orders[0].amount = Money(2001, "GBP")
    assert compare() == [("amount", paid[0].pk, "2000 GBP", "2001 GBP")]


def test_one_that_they_have_twice(paid, shop):
    first = shop.orders[0]
    shop.orders.append(type(first)("fake-7", "k", first.payout_id, first.amount, first.created_at))
    assert compare() == [("twice", paid[0].pk, "fake-1", "fake-7")]


def test_another_state(paid, shop):
    shop.orders[0].outcome = Outcome.RETURNED
    shop.orders[1].outcome = Outcome.FAILED_FINAL
    assert compare() == [
        ("state", paid[0].pk, "paid", "returned"),
        ("state", paid[1].pk, "paid", "failed_final"),
        ("missing_there", paid[0].pk, "paid 2000 GBP", ""),
        ("missing_there", paid[1].pk, "paid 2000 GBP", ""),
    ]


def test_one_that_we_gave_up_and_they_have_paid(paid, shop):
    Payout.objects.filter(pk=paid[0].pk).update(state="failed_final")
    assert compare() == [("state", paid[0].pk, "failed_final", "paid")]


def test_what_is_still_open_here_is_settled_by_tries_and_look_ups(shop):
    confirmed()
    shop.faults = ["drop"]
    work()
    assert compare() == []
    Payout.objects.update(parked="tries")
    assert [kind for kind, *_ in compare()] == ["state"]


def test_taken_back_by_another_amount(paid, shop, staff):
    reverse(amount="40")
    reverse_payout(payout=paid[0], note="Returned", actor=staff)
    assert compare() == []  # on its way
    work()
    assert compare() == []
    shop.orders[0].reversed_minor = 900
    assert compare() == [("reversed", paid[0].pk, "800", "900")]
    assert books_agree()


def test_what_was_sent_a_moment_ago_may_not_be_in_their_list_yet(shop):
    confirmed()
    work()
    shop.orders.clear()
    assert compare(since=timezone.now() - timedelta(days=1)) == []
    with later(hours=1):
        assert [kind for kind, *_ in compare(since=timezone.now() - timedelta(days=1))] == ["missing_there"]


def test_a_difference_is_told_and_a_list_that_breaks_off_too(
    paid, shop, caplog, monkeypatch, django_capture_on_commit_callbacks
):
    heard = []

    def receiver(**kwargs):
        heard.append(kwargs["reconciliation"].error)

    signals.reconciliation_differs.connect(receiver)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            compare()
        assert heard == []
        shop.orders.pop()
        with django_capture_on_commit_callbacks(execute=True):
            compare()

        def breaks_off(self, moment):
            yield from ()
            raise ConnectionError("https://secret.invalid")

        monkeypatch.setattr(FakeProvider, "sent_since", breaks_off)
        with django_capture_on_commit_callbacks(execute=True):
            report = reconcile_payouts(provider="fake")
    finally:
        signals.reconciliation_differs.disconnect(receiver)
    assert (heard, report.error, report.finished_at) == (["", "ConnectionError"], "ConnectionError", None)
    assert "1 payouts of fake differ" in caplog.text
    assert "secret.invalid" not in caplog.text
    # A list that is not complete says of nothing that it is not there.
    assert not report.differences.exists()


def test_all_providers_with_books_are_compared_each_day(paid, shop):
    assert (reconcile_all(), list(Reconciliation.objects.values_list("provider", flat=True))) == (1, ["fake"])


def test_the_command_prints_each_difference_and_fails(paid, shop):
    out = StringIO()
    call_command("reconcile_payouts", "fake", since="2026-01-01T00:00Z", stdout=out)
    assert out.getvalue() == "fake: 2 compared, 0 differ\n"
    shop.orders.pop()
    with pytest.raises(CommandError, match="There are differences"):
        call_command("reconcile_payouts", stdout=out)
    assert "the provider does not have it: fake-2 ours paid 2000 GBP theirs" in out.getvalue()
    with pytest.raises(CommandError, match="manual"):
        call_command("reconcile_payouts", "manual")


def test_a_long_list_is_read_and_written_in_chunks(settings, monkeypatch, django_assert_max_num_queries):
    register(settings)
    program_id = confirmed().program_id
    monkeypatch.setattr(comparing, "CHUNK", 100)
    person = Person.objects.create(email="many@example.com")
    rows = [
        Payout(program_id=program_id, person=person, provider="fake", amount_minor=5, currency="GBP", state="paid")
        for _ in range(1000)
    ]
    Payout.objects.bulk_create(rows)
    old = timezone.now() - timedelta(hours=5)
    made = PayoutAttempt.objects.bulk_create(
        PayoutAttempt(payout=row, number=1, provider="fake", request={}, outcome="paid", provider_ref=f"r-{row.pk}")
        for row in Payout.objects.filter(person=person)
    )
    PayoutAttempt.objects.filter(pk__in=[a.pk for a in made]).update(created_at=old, finished_at=old)

    def listed(self, moment):
        for attempt in PayoutAttempt.objects.filter(pk__in=[a.pk for a in made]).select_related("payout").iterator():
            if attempt.payout_id % 10:
                yield SentPayout(
                    attempt.provider_ref, str(attempt.payout.public_id), attempt.payout.amount, Outcome.PAID, old
                )

    monkeypatch.setattr(FakeProvider, "sent_since", listed)
    with django_assert_max_num_queries(70):
        report = reconcile_payouts(provider="fake")
    assert (report.compared, Difference.objects.filter(kind="missing_there").count()) == (900, 100)
