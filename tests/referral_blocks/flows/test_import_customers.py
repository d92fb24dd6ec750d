import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Site

from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.import_customers import CustomersImported, import_customers
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.people.models import KnownCustomer
from referral_blocks.people.selectors import is_known_customer
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
CONTACTS = ["Ana.Example+shop@gmail.com", "020 7946 0000", "ana@", "", "Ben", "12345", "anaexample@googlemail.com"]


@pytest.fixture
def site(db):
    return Site.objects.get(is_default_site=True)


def test_customers_are_kept_as_hashes_and_counted(site):
    report = import_customers(site_id=site.pk, contacts=CONTACTS)
    assert report == CustomersImported(added=2, known=1, refused=(3, 4, 5, 6))
    kept = " ".join(KnownCustomer.objects.values_list("contact_hash", flat=True))
    assert "ana" not in kept.lower()
    assert "79460000" not in kept
    assert import_customers(site_id=site.pk, contacts=CONTACTS) == CustomersImported(0, 3, (3, 4, 5, 6))
    assert KnownCustomer.objects.count() == 2


def test_a_customer_is_known_in_every_spelling_and_only_on_their_own_site(site):
    assert is_known_customer(site_id=site.pk, email="anaexample@gmail.com") is None
    import_customers(site_id=site.pk, contacts=CONTACTS)
    assert is_known_customer(site_id=site.pk, email="ANAEXAMPLE@gmail.com") is True
    assert is_known_customer(site_id=site.pk, email="new@example.com", phone="(020) 79460000") is True
    assert is_known_customer(site_id=site.pk, email="new@example.com", phone="020 7946 0001") is False
    other = Site.objects.create(hostname="other.example", root_page=site.root_page)
    import_customers(site_id=other.pk, contacts=["x@example.com"])
    assert is_known_customer(site_id=other.pk, email="anaexample@gmail.com") is False
    assert len(set(KnownCustomer.objects.values_list("contact_hash", flat=True))) == 3


def captured(program, email):
    code = make_link(program).code
    return capture_referral(program=program, email=email, name="F", accept_terms=True, code=code).referral


def test_a_friend_is_new_known_or_not_checked(site):
    program = make_program()
    assert captured(program, "a@example.com").is_new_customer is None
    import_customers(site_id=site.pk, contacts=["old@example.com"])
    assert captured(program, "old@example.com").is_new_customer is False
    assert captured(program, "b@example.com").is_new_customer is True


def test_who_bought_through_another_programme_of_the_site_is_not_new(site):
    first, second = make_program(), make_program(slug="second")
    captured(first, "kim@example.com")
    sale = {"source": "api", "external_id": "1", "friend_email": "kim@example.com", "amount": "10", "currency": "GBP"}
    record_sale(program=first, **sale)
    assert captured(second, "kim@example.com").is_new_customer is False


def test_a_long_list_costs_two_queries_a_batch(site):
    with CaptureQueriesContext(connection) as queries:
        report = import_customers(site_id=site.pk, contacts=(f"c{n}@example.com" for n in range(1_200)))
    assert report.added == 1_200
    assert len([q for q in queries if "SAVEPOINT" not in q["sql"]]) <= 3 * 3
