"""Staff record a sale by hand."""

import pytest
from django.urls import reverse

from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale
from tests.make import make_program, make_referral

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db


def record(client, **given):
    form = {
        "program": str(Program.objects.first().pk), "order_number": "A-1", "friend_email": "friend@example.com",
        "amount": "149.00", "currency": "", "sold_at": "",
    }  # fmt: skip
    return client.post(reverse("referral_sales:record"), {**form, **given}, follow=True)


def test_a_sale_qualifies_the_friend_and_promises_both_rewards():
    make_referral(make_program())
    page = record(staff_client("add_sale"))
    assert messages_of(page) == [
        "Sale A-1 over £149.00 was recorded for Kim Example. "
        "2 rewards were promised: £20 gift for Robin Example, £10 off for Kim Example."
    ]
    sale = Sale.objects.get()
    assert (sale.source, sale.external_id, sale.amount_minor, sale.currency) == ("staff", "A-1", 14_900, "GBP")
    assert Referral.objects.get().stage == Stage.QUALIFIED
    assert Reward.objects.count() == 2


def test_pressed_twice_it_is_recorded_once():
    make_referral(make_program())
    client = staff_client("add_sale")
    record(client)
    assert messages_of(record(client)) == ["Sale A-1 was recorded before. Nothing has changed."]
    assert (Sale.objects.count(), Reward.objects.count()) == (1, 2)


def test_a_second_sale_of_the_friend_earns_no_new_reward():
    make_referral(make_program())
    client = staff_client("add_sale")
    record(client)
    assert messages_of(record(client, order_number="A-2")) == [
        "Sale A-2 over £149.00 was recorded for Kim Example. It earns no new reward."
    ]
    assert (Sale.objects.count(), Reward.objects.count()) == (2, 2)


@pytest.mark.parametrize(
    ("given", "field", "error"),
    [
        ({"order_number": ""}, "order_number", "This field is required."),
        ({"order_number": "A" * 121}, "order_number", "Use at most 120 characters."),
        ({"order_number": "A\x00"}, "order_number", "Null characters are not allowed."),
        ({"friend_email": "kim@"}, "friend_email", "“kim@” is not an e-mail address. Check it for typing errors."),
        (
            {"friend_email": "nobody@example.com"},
            "friend_email",
            "Nobody with this e-mail address was referred in this programme.",
        ),
        ({"amount": "0"}, "amount", "The amount has to be more than zero."),
        ({"amount": "-1"}, "amount", "The amount has to be more than zero."),
        ({"amount": "1.234"}, "amount", "GBP has 2 decimals; “1.234” has more."),
        ({"amount": "much"}, "amount", "“much” is not an amount. Write it as 12.50."),
        (
            {"currency": "ZZZ"},
            "currency",
            "There is no currency “ZZZ”. Use a three-letter ISO 4217 code such as EUR.",
        ),
        ({"currency": "EUR"}, "currency", "This programme counts in GBP, and the sale is in EUR."),
        ({"sold_at": "2999-01-01 10:00"}, "sold_at", "The sale cannot be in the future."),
        (
            {"sold_at": "0001-01-01 00:00"},
            "sold_at",
            "Ensure this value is greater than or equal to 1970-01-01 00:00:00+00:00.",
        ),
        ({"sold_at": "yesterday"}, "sold_at", "Enter a valid date/time."),
        ({"program": "999999"}, "program", "Select a valid choice. That choice is not one of the available choices."),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_kept(given, field, error):
    make_referral(make_program())
    page = record(staff_client("add_sale"), **given)
    assert page.context["form"].errors == {field: [error]}
    name, value = next(iter(given.items()))
    assert page.context["form"][name].value() == value
    assert not Sale.objects.exists()
    assert not Reward.objects.exists()


def test_the_same_order_number_with_another_amount_is_refused():
    make_referral(make_program())
    client = staff_client("add_sale")
    record(client)
    page = record(client, amount="150.00")
    assert page.context["form"].errors == {
        "order_number": ["A sale with the id “A-1” is recorded already, with another amount or friend."]
    }
    assert Sale.objects.get().amount_minor == 14_900


def test_a_paused_programme_records_nothing_and_says_so():
    program = make_program()
    make_referral(program)
    program.status = ProgramStatus.PAUSED
    program.save()
    page = record(staff_client("add_sale"))
    assert page.context["form"].errors == {
        "__all__": ["This programme is paused. Record the sale again when it is live."]
    }
    assert b"This programme is paused." in page.content
    assert not Sale.objects.exists()


def test_without_the_right_nothing_is_recorded():
    make_referral(make_program())
    page = record(staff_client("view_sale", "view_reward"))
    assert page.status_code == 403
    assert not Sale.objects.exists()


def test_all_that_the_flow_refuses_stands_beside_its_field():
    make_referral(make_program())
    page = record(staff_client("add_sale"), friend_email="kim@", amount="much", currency="EUR", order_number="A" * 121)
    assert page.context["form"].errors == {
        "order_number": ["Use at most 120 characters."],
        "friend_email": ["“kim@” is not an e-mail address. Check it for typing errors."],
        "currency": ["This programme counts in GBP, and the sale is in EUR."],
        "amount": ["“much” is not an amount. Write it as 12.50."],
    }
    assert not Sale.objects.exists()
