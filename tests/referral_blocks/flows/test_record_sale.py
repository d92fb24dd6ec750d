from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from referral_blocks.core.errors import Conflict, DomainError
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.mature_rewards import expire_referrals
from referral_blocks.flows.preview_rewards import SaleInput, preview_rewards
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.ledger.models import LedgerEntry
from referral_blocks.ledger.selectors import balances, unbalanced_entries
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import PendingReason, Reward
from referral_blocks.sales.models import Sale
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
EMAIL = "friend@example.com"


def sell(program, **given):
    sale = {"source": "api", "external_id": "order-1", "friend_email": EMAIL, "amount": "149.00"}
    return record_sale(program=program, **{**sale, "currency": "GBP", **given})


@pytest.fixture
def referral(db):
    return make_referral(make_program())


def test_a_sale_qualifies_the_friend_and_promises_both_sides(referral):
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        recorded = sell(referral.program)
        hold_over = timezone.now() + timedelta(days=14)
    referral.refresh_from_db()
    assert (recorded.sale.amount_minor, recorded.sale.currency) == (14_900, "GBP")
    assert referral.stage == "qualified"
    rewards = Reward.objects.order_by("pk").values_list("side", "person__email", "title", "amount_minor", "state")
    assert list(rewards) == [
        ("referrer", "referrer@example.com", "£20 gift", 2000, "pending"),
        ("friend", "friend@example.com", "£10 off", 1000, "pending"),
    ]
    waits = PendingReason.objects.order_by("reward", "reason").values_list("reason", "until")
    assert list(waits) == [("approval", None), ("hold", hold_over)] * 2


def test_the_promise_is_in_the_ledger_and_balances(referral):
    sell(referral.program)
    assert unbalanced_entries() == []
    assert balances(program_id=referral.program_id) == {
        ("reward_expense", "GBP"): 3000,
        ("rewards_pending", "GBP"): -3000,
    }


def test_the_same_sale_twice_is_one_sale_and_one_reward_a_side(referral):
    first, second = sell(referral.program), sell(referral.program, amount="149")
    assert (second.sale, second.created, second.rewards) == (first.sale, False, [])
    assert (Sale.objects.count(), Reward.objects.count(), LedgerEntry.objects.count()) == (1, 2, 2)


def test_a_second_sale_of_the_friend_is_recorded_and_earns_nothing_more(referral):
    sell(referral.program)
    assert sell(referral.program, external_id="order-2").rewards == []
    assert (Sale.objects.count(), Reward.objects.count()) == (2, 2)


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "150.00"},
        {"friend_email": "second@example.com"},
        {"product": "Table"},
        {"metadata": {"plan": "gold"}},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(referral, other):
    make_referral(referral.program, email="second@example.com", link=referral.link)
    sell(referral.program)
    with pytest.raises(Conflict) as refused:
        sell(referral.program, **other)
    assert (refused.value.code, refused.value.path) == ("conflict", ("externalId",))
    assert (Sale.objects.count(), Reward.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"amount": "0"}, "invalid_amount", "amount"),
        ({"amount": "-5"}, "invalid_amount", "amount"),
        ({"amount": "12.345"}, "too_many_decimals", "amount"),
        ({"amount": "NaN"}, "invalid_amount", "amount"),
        ({"amount": "1e400"}, "invalid_amount", "amount"),
        ({"amount": "9" * 30}, "invalid_amount", "amount"),
        ({"amount": "ten"}, "invalid_amount", "amount"),
        ({"currency": "XYZ"}, "invalid_currency", "currency"),
        ({"currency": "G\x00"}, "invalid_currency", "currency"),
        ({"currency": "EUR"}, "currency_mismatch", "currency"),
        ({"friend_email": "nobody@example.com"}, "no_referral", "friendEmail"),
        ({"friend_email": "nobody"}, "invalid_email", "friendEmail"),
        ({"external_id": ""}, "required", "externalId"),
        ({"external_id": "x" * 121}, "too_long", "externalId"),
        ({"external_id": "a\x00b"}, "invalid_text", "externalId"),
        ({"occurred_at": timezone.now() + timedelta(hours=1)}, "in_future", "occurredAt"),
        ({"occurred_at": timezone.now() - timedelta(days=2)}, "before_referral", "occurredAt"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(referral, given, code, path):
    with pytest.raises(DomainError) as refused:
        sell(referral.program, **given)
    assert (refused.value.code, refused.value.path) == (code, (path,))
    referral.refresh_from_db()
    assert (Sale.objects.count(), Reward.objects.count(), referral.stage) == (0, 0, "captured")


def test_a_friend_who_bought_too_late_earns_nothing(referral):
    with time_machine.travel(timezone.now() + timedelta(days=91)), pytest.raises(DomainError) as refused:
        sell(referral.program)
    assert refused.value.code == "credit_expired"
    assert not Sale.objects.exists()


@pytest.mark.parametrize("clock_came_by", [True, False])
def test_a_sale_from_before_the_friends_time_was_over_counts_however_late_it_is_told(referral, clock_came_by):
    end = referral.credit_expires_at
    with time_machine.travel(end + timedelta(days=7)):
        if clock_came_by:
            assert expire_referrals() == 1
        with pytest.raises(DomainError) as refused:
            sell(referral.program, external_id="2", occurred_at=end + timedelta(seconds=1))
        previewed = [
            {
                p.fires
                for p in preview_rewards(program=referral.program, sale=SaleInput("10"), at=at, friend_email=EMAIL)
            }
            for at in (end + timedelta(seconds=1), end)
        ]
        assert len(sell(referral.program, occurred_at=end).rewards) == 2
    assert (refused.value.code, previewed) == ("credit_expired", [{False}, {True}])
    referral.refresh_from_db()
    assert (referral.stage, referral.qualified_at, referral.friend_number) == ("qualified", end, 1)
    assert check_ledger() == []


def test_a_paused_programme_records_nothing_and_an_ended_one_still_keeps_its_promises(referral):
    program = referral.program
    program.status = ProgramStatus.PAUSED
    program.save()
    with pytest.raises(DomainError) as refused:
        sell(program)
    assert (refused.value.code, Sale.objects.count()) == ("program_closed", 0)
    program.status = ProgramStatus.ENDED
    program.save()
    assert len(sell(program).rewards) == 2


def test_a_sale_of_another_programme_never_credits_this_one(referral):
    other = make_program(slug="other")
    make_link(other)
    with pytest.raises(DomainError) as refused:
        sell(other)
    assert refused.value.code == "no_referral"


def test_a_yen_sale_has_no_decimals():
    referral = make_referral(make_program(currency="JPY"))
    assert sell(referral.program, amount="1500", currency="jpy").sale.amount_minor == 1500
    with pytest.raises(DomainError) as refused:
        sell(referral.program, amount="1500.5", currency="JPY", external_id="order-2")
    assert refused.value.code == "too_many_decimals"


def test_queries_do_not_grow_with_history(referral, django_assert_num_queries):
    link = referral.link
    sell(referral.program)  # the first sale of all makes the programme's counters
    make_referral(referral.program, email="second@example.com", link=link)
    with CaptureQueriesContext(connection) as few:
        sell(referral.program, friend_email="second@example.com", external_id="order-2")
    for number in range(5):
        make_referral(referral.program, email=f"f{number}@example.com", link=link)
        sell(referral.program, friend_email=f"f{number}@example.com", external_id=f"x{number}")
    make_referral(referral.program, email="last@example.com", link=link)
    with django_assert_num_queries(len(few)):
        sell(referral.program, friend_email="last@example.com", external_id="last")


def test_a_friend_who_is_a_customer_buys_again_after_the_window_and_sales_are_counted():
    rule = {"side": "referrer", "title": "Each time", "amount_minor": 500, "sale_to": None}
    referral = make_referral(make_program(rules=(rule,)))
    sell(referral.program)
    with time_machine.travel(timezone.now() + timedelta(days=200)):
        again = sell(referral.program, external_id="order-2")
    referral.refresh_from_db()
    assert (again.sale.number, referral.sale_count, len(again.rewards)) == (2, 2, 1)


@pytest.fixture
def phoned(referral):
    referral.friend.phone, referral.friend.phone_key = "+44 20 7946 0018", "442079460018"
    referral.friend.save()
    return referral


@pytest.mark.parametrize("email", ["another@example.com", ""])
def test_a_buyer_with_another_address_is_known_by_phone(phoned, email):
    assert sell(phoned.program, friend_email=email, friend_phone="0044 (20) 7946-0018").sale.referral == phoned


def test_a_phone_number_of_two_friends_or_of_too_few_digits_names_nobody(phoned):
    make_referral(phoned.program, email="second@example.com", link=phoned.link)
    people = phoned.friend.__class__.objects
    people.filter(email="second@example.com").update(phone_key="442079460018")
    for phone in ("+442079460018", "0018"):
        with pytest.raises(DomainError) as refused:
            sell(phoned.program, friend_email="", friend_phone=phone)
        assert (refused.value.code, refused.value.path) == ("no_referral", ("friendPhone",))
    assert not Sale.objects.exists()


def test_a_phone_number_of_another_programme_names_nobody(phoned):
    other = make_program(slug="other")
    with pytest.raises(DomainError) as refused:
        sell(other, friend_email="another@example.com", friend_phone="+442079460018")
    assert (refused.value.code, Sale.objects.count()) == ("no_referral", 0)


def test_a_code_at_the_checkout_captures_the_buyer_and_records_the_sale(referral):
    checkout = {"friend_email": "new@example.com", "friend_name": "Noa", "code": referral.link.code}
    first, second = (sell(referral.program, accept_terms=True, **checkout) for _ in range(2))
    captured = first.sale.referral
    assert (captured.friend.email, captured.attribution_method, captured.stage) == (
        "new@example.com",
        "code",
        "qualified",
    )
    assert (second.sale, second.created, Referral.objects.count()) == (first.sale, False, 2)


def test_the_first_referrer_keeps_the_credit_whatever_code_comes_at_the_checkout(referral):
    other = make_link(referral.program, email="other@example.com")
    assert sell(referral.program, code=other.code, accept_terms=True).sale.referral == referral


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"accept_terms": False}, "terms_not_accepted", "acceptTerms"),
        ({"code": "NOSUCHCODE"}, "unknown_code", "code"),
        ({"code": "", "token": "forged"}, "invalid_token", "token"),
        ({"amount": "5", "occurred_at": timezone.now() - timedelta(days=3)}, "before_referral", "occurredAt"),
    ],
)
def test_a_checkout_that_is_refused_captures_nobody(referral, given, code, path):
    checkout = {"friend_email": "new@example.com", "code": referral.link.code, "accept_terms": True}
    with pytest.raises(DomainError) as refused:
        sell(referral.program, **{**checkout, **given})
    assert (refused.value.code, refused.value.path) == (code, (path,))
    assert (Sale.objects.count(), Referral.objects.count()) == (0, 1)


def test_a_code_of_another_programme_captures_nobody(referral):
    other = make_program(slug="other")
    with pytest.raises(DomainError) as refused:
        sell(other, friend_email="new@example.com", code=referral.link.code, accept_terms=True)
    assert (refused.value.code, Referral.objects.count()) == ("unknown_code", 1)


@pytest.mark.parametrize("year", [1, 1969])
def test_a_date_before_all_calendars_is_refused_and_nothing_is_written(referral, year):
    with pytest.raises(DomainError) as refused:
        sell(referral.program, occurred_at=datetime(year, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo")))
    assert (refused.value.code, refused.value.path) == ("out_of_range", ("occurredAt",))
    assert Sale.objects.count() == 0


def test_the_same_id_with_another_date_is_the_same_sale(referral):
    metadata = {"plan": "gold", "seats": "3"}
    first = sell(referral.program, product="Chair", metadata=metadata)
    again = sell(
        referral.program, product=" Chair", metadata=metadata, occurred_at=timezone.now() - timedelta(hours=30)
    )
    assert (again.sale, again.created) == (first.sale, False)
