"""Staff record refunds and disputes, and import files of sales."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from referral_blocks.flows.import_sales import run_import
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale, SaleImport, SaleReversal
from tests.make import make_program, make_referral

from .staff import messages_of, staff_client

pytestmark = pytest.mark.django_db
FORM = {"kind": "refund", "reversal_number": "R-1", "amount": "25", "reversed_at": ""}
RIGHTS = ("add_salereversal", "view_sale")


@pytest.fixture
def sale():
    program = make_referral(make_program()).program
    given = {"source": "api", "external_id": "A-1", "friend_email": "friend@example.com"}
    return record_sale(program=program, amount="100", currency="GBP", **given).sale


def post(client, sale, **given):
    return client.post(reverse("referral_sales:reverse", args=[sale.pk]), {**FORM, **given}, follow=True)


def test_a_refund_is_recorded_and_the_page_says_what_followed(sale):
    page = post(staff_client(*RIGHTS), sale)
    assert messages_of(page) == [
        "Refund over £25.00 was recorded for sale A-1. "
        "2 rewards followed: £20 gift for Robin Example, £10 off for Kim Example."
    ]
    assert list(Reward.objects.order_by("pk").values_list("amount_minor", flat=True)) == [1500, 750]
    assert b"R-1" in page.content


def test_pressed_twice_it_is_recorded_once(sale):
    client = staff_client(*RIGHTS)
    post(client, sale)
    assert messages_of(post(client, sale)) == ["This was recorded before. Nothing has changed."]
    assert SaleReversal.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "field", "error"),
    [
        ({"amount": "100.01"}, "amount", "At most £100.00 can be reversed here."),
        ({"reversal_number": ""}, "reversal_number", "This field is required."),
        (
            {"kind": "dispute_won"},
            "reversal_number",
            "There is no dispute with the id “R-1” about this sale.",
        ),
        ({"reversed_at": "2999-01-01 10:00"}, "reversed_at", "The reversal cannot be in the future."),
    ],
)
def test_bad_input_is_refused_beside_its_field(sale, given, field, error):
    page = post(staff_client(*RIGHTS), sale, **given)
    assert page.context["form"].errors == {field: [error]}
    assert not SaleReversal.objects.exists()


def test_without_the_right_nothing_is_recorded(sale):
    assert post(staff_client("view_sale", "add_sale"), sale).status_code == 403
    assert not SaleReversal.objects.exists()


def test_the_form_opens_and_is_offered_to_holders_of_the_right(sale):
    url = reverse("referral_sales:reverse", args=[sale.pk])
    client = staff_client(*RIGHTS)
    assert client.get(url).status_code == 200
    page = reverse("referral_sales:inspect", args=[sale.pk])
    assert url in client.get(page).content.decode()
    assert url not in staff_client("view_sale", username="kai").get(page).content.decode()


def upload(client, program, text):
    file = SimpleUploadedFile("till.csv", text.encode())
    given = {"program": program.pk, "source": "csv", "file": file}
    return client.post(reverse("referral_imports:start"), given, follow=True)


def test_a_file_is_tried_confirmed_and_its_refused_rows_are_fetched():
    program = make_referral(make_program()).program
    client = staff_client("add_saleimport")
    page = upload(client, program, "external_id,friend_email,amount\nA-1,friend@example.com,5\nA-2,no@example.com,5\n")
    assert page.status_code == 200
    started = SaleImport.objects.get()
    confirm = reverse("referral_imports:confirm", args=[started.pk])
    assert confirm not in page.content.decode()
    run_import(import_id=started.pk)
    assert confirm in client.get(reverse("referral_imports:inspect", args=[started.pk])).content.decode()
    assert client.get(confirm).status_code == 200
    assert messages_of(client.post(confirm, follow=True)) == ["The sales are being recorded."]
    run_import(import_id=started.pk)
    assert list(Sale.objects.values_list("external_id", flat=True)) == ["A-1"]
    report = client.get(reverse("referral_imports:refused", args=[started.pk]))
    assert report["Content-Type"] == "text/csv; charset=utf-8"
    assert "3,A-2,no_referral," in report.content.decode()
    assert staff_client(username="kai").get(reverse("referral_imports:refused", args=[started.pk])).status_code == 403


def test_a_file_that_cannot_be_read_is_refused_beside_the_field():
    program = make_referral(make_program()).program
    page = upload(staff_client("add_saleimport"), program, "a,b\n1,2\n")
    assert list(page.context["form"].errors) == ["file"]
    assert not SaleImport.objects.exists()
