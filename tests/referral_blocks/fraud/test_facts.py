"""What is gathered about a referral, and at what cost."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Site

from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.record_visit import record_visit
from referral_blocks.fraud.facts import MOST, USUAL_SALES, gather
from referral_blocks.fraud.services import block_entry
from referral_blocks.payouts.account import PayoutAccount, PayoutDestination
from referral_blocks.people.models import KnownCustomer
from referral_blocks.people.selectors import customer_hashes
from referral_blocks.referrals.models import Referral
from referral_blocks.sales.models import Sale
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db


def capture(program, link, email, **given):
    return capture_referral(
        program=program, email=email, name="Kim", accept_terms=True, code=link.code, **given
    ).referral


def buy(referral, *, external_id="1", amount="100"):
    return record_sale(
        program=referral.program, source="api", external_id=external_id, friend_email=referral.friend.email,
        amount=amount, currency="GBP",
    ).sale  # fmt: skip


def test_only_who_came_earlier_is_a_twin_and_only_in_this_programme():
    program, other = make_program(), make_program(slug="other")
    link = make_link(program)
    elsewhere = capture(other, make_link(other, email="o@example.com"), "kim+a@example.com", phone="+44 7700 900001")
    first = capture(program, link, "kim+b@example.com", phone="+44 7700 900001")
    second = capture(program, link, "kim+c@example.com", phone="0044 7700-900001")
    for referral, twin in ((elsewhere, False), (first, False), (second, True)):
        facts = gather(referral=referral)
        assert (facts.twin_by_mailbox, facts.twin_by_phone) == (twin, twin)


def test_each_side_is_known_by_every_place_that_it_was_ever_paid_to():
    referral = make_referral(make_program())
    person = referral.referrer.person
    for provider, keys in (("stripe", ("a", "b")), ("outbound", ("b", "c"))):
        account = PayoutAccount.objects.create(person=person, provider=provider, reference=f"acct_{provider}")
        for key in keys:
            PayoutDestination.objects.create(account=account, key=key)
    facts = gather(referral=referral)
    assert (facts.referrer.payout_keys, facts.friend.payout_keys) == ({"a", "b", "c"}, frozenset())


def test_five_digits_are_no_phone_number():
    program = make_program()
    link = make_link(program)
    capture(program, link, "a@example.com", phone="12345")
    assert not gather(referral=capture(program, link, "b@example.com", phone="12345")).twin_by_phone
    capture(program, link, "c@example.com", phone="123456")
    assert gather(referral=capture(program, link, "d@example.com", phone="123456")).twin_by_phone


def test_a_purchase_before_the_referral_is_known_in_every_programme_of_the_site():
    program, other = make_program(), make_program(slug="other")
    earlier = capture(other, make_link(other), "kim+1@example.com")
    buy(earlier)
    referral = make_referral(program, email="kim+2@example.com", link=make_link(program))
    assert gather(referral=referral).bought_before
    assert (referral.is_new_customer, referral.review) == (False, "flagged")
    assert not gather(referral=earlier).bought_before


def test_the_list_of_customers_is_asked_by_mailbox_and_phone():
    program = make_program()
    site_id = program.site_id
    for contact in customer_hashes(site_id=site_id, email="k.i.m@gmail.com", phone="07700 900001"):
        KnownCustomer.objects.create(site_id=site_id, contact_hash=contact)
    link = make_link(program)
    assert gather(referral=capture(program, link, "kim+x@gmail.com")).known_customer
    assert gather(referral=capture(program, link, "lee@example.com", phone="7700900001")).known_customer
    assert not gather(referral=capture(program, link, "sam@example.com")).known_customer


def test_friends_are_counted_within_an_hour_and_a_day_to_the_second():
    program = make_program()
    link, other = make_link(program), make_link(program, email="other@example.com")
    now = timezone.now()
    for n, ago in enumerate((timedelta(days=1), timedelta(hours=23), timedelta(hours=1), timedelta(minutes=59))):
        with time_machine.travel(now - ago, tick=False):
            capture(program, link, f"f{n}@example.com")
    with time_machine.travel(now, tick=False):
        capture(program, other, "not-mine@example.com")
        facts = gather(referral=capture(program, link, "last@example.com"))
    assert (facts.friends_in_hour, facts.friends_in_day) == (2, 4)


def test_captures_from_one_address_are_counted_within_a_day_of_this_programme():
    program, other = make_program(), make_program(slug="other")
    link = make_link(program)
    now = timezone.now()
    capture(other, make_link(other), "x@example.com", ip_hash="h1")
    with time_machine.travel(now - timedelta(days=1), tick=False):
        capture(program, link, "old@example.com", ip_hash="h1")
    with time_machine.travel(now, tick=False):
        capture(program, link, "a@example.com", ip_hash="h1")
        capture(program, link, "b@example.com", ip_hash="h2")
        facts = gather(referral=capture(program, link, "c@example.com", ip_hash="h1"))
        none = gather(referral=capture(program, link, "d@example.com"))
    assert (facts.captures_from_address, none.captures_from_address) == (2, 0)


def test_an_address_that_the_referrer_was_captured_from_is_known():
    program = make_program()
    referral = capture(program, make_link(program), "lee@example.com", ip_hash="h1")
    mine = make_link(program, email="lee@example.com")
    assert gather(referral=capture(program, mine, "kim@example.com", ip_hash="h1")).address_of_referrer
    assert not gather(referral=capture(program, mine, "sam@example.com", ip_hash="h2")).address_of_referrer
    assert not gather(referral=referral).address_of_referrer


def test_the_visit_of_the_token_tells_when_the_link_was_opened():
    program = make_program()
    link, site = make_link(program), Site.objects.get(is_default_site=True)
    then = timezone.now().replace(microsecond=0)
    with time_machine.travel(then, tick=False):
        token = record_visit(code=link.code, site_id=site.pk, ip_hash="").token
    given = {"program": program, "name": "Kim", "accept_terms": True}
    by_token = capture_referral(email="a@example.com", token=token, **given).referral
    by_cookie = capture_referral(email="b@example.com", cookie=token, **given).referral
    by_code = capture_referral(email="c@example.com", code=link.code, token=token, **given).referral
    assert [gather(referral=r).visited_at for r in (by_token, by_cookie, by_code)] == [then, then, None]


@pytest.mark.parametrize(
    ("kind", "value", "side"),
    [
        ("email", "KIM+shop@example.org", "friend"),
        ("email", "robin@example.com", "referrer"),
        ("domain", "Example.ORG", "friend"),
        ("phone", "+44 7700 900001", "friend"),
        ("ip_hash", "abc123", "friend"),
    ],
)
def test_an_entry_is_compared_in_its_normal_form_and_names_its_side(kind, value, side):
    program = make_program()
    block_entry(site_id=program.site_id, kind=kind, value=value, note="Seen before")
    link = make_link(program, email="robin@example.com")
    given = {"phone": "44 7700 900001", "ip_hash": "abc123"}
    (hit,) = gather(referral=capture(program, link, "kim@example.org", **given)).blocked
    assert (hit.kind, hit.side, hit.note) == (kind, side, "Seen before")


def test_an_entry_of_another_kind_or_another_site_is_none_of_ours():
    program = make_program()
    other = Site.objects.create(hostname="other.example", root_page=program.site.root_page)
    block_entry(site_id=other.pk, kind="email", value="friend@example.com")
    block_entry(site_id=program.site_id, kind="domain", value="friend@example.com")
    assert gather(referral=make_referral(program)).blocked == ()


def test_the_usual_amounts_are_the_fifty_sales_before_this_one():
    program = make_program()
    referral = make_referral(program)
    sale = buy(referral)
    Sale.objects.bulk_create(
        Sale(
            program=program, referral=referral, source="api", external_id=f"x{n}", amount_minor=n, currency="GBP",
            number=n + 1, occurred_at=timezone.now(),
        )
        for n in range(1, 61)
    )  # fmt: skip
    Referral.objects.update(sale_count=61)
    last = buy(referral, external_id="last", amount="5")
    usual = gather(referral=referral, sale=last).sale.usual
    assert sorted(usual) == list(range(11, 61))
    assert len(usual) == USUAL_SALES
    assert sale.amount_minor not in usual


def test_gathering_costs_the_same_with_any_history():
    program = make_program()
    referral = make_referral(program)
    sale = buy(referral)
    costs = [_cost(referral), _cost(referral, sale)]
    link = make_link(program, email="busy@example.com")
    for n in range(12):
        buy(capture(program, link, f"friend{n}@example.com", ip_hash="h"), external_id=f"s{n}")
    last = Referral.objects.order_by("pk").last()
    assert [_cost(last), _cost(last, last.sales.get())] == costs
    assert costs[0] <= 9
    assert costs[1] <= 8


def _cost(referral, sale=None):
    referral = Referral.objects.select_related("friend", "referrer__person", "program").get(pk=referral.pk)
    referral.ip_hash = "h"
    with CaptureQueriesContext(
        connection,
    ) as queries:
        gather(referral=referral, sale=sale)
    return len(queries)


def test_counting_stops():
    program = make_program()
    referral = make_referral(program)
    assert MOST == 500
    with CaptureQueriesContext(connection) as queries:
        gather(referral=referral)
    counted = [q["sql"] for q in queries if "attributed_at" in q["sql"] and "ORDER BY" in q["sql"]]
    assert any("LIMIT 500" in sql for sql in counted)
