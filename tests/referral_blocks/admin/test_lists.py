"""The lists: what they show, how they filter and search, and what they cost."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from referral_blocks.access.services import create_api_key
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.record_visit import record_visit
from referral_blocks.flows.release_hold import release_hold
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward, RewardState
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db

LISTS = [
    "referral_programs:list",
    "referral_referrers:index",
    "referral_friends:index",
    "referral_sales:index",
    "referral_rewards:index",
    "referral_payouts:index",
    "referral_reward_desk:index",
    "referral_handover_desk:index",
    "referral_review_desk:index",
    "referral_api_keys:index",
    "referral_reports:funnel",
]


def add_rows(first, last):
    """One row more of everything for each number; the rewards of odd ones are on their way."""
    boss = User.objects.get(username="admin")
    for n in range(first, last):
        program = make_program(slug=f"p{n}", name=f"Programme {n}")
        email = f"r{n}@example.com"
        link = make_link(program, email=email, name=f"Robin {n}")
        record_visit(code=link.code, site_id=program.site_id, ip_hash="")
        make_referral(program, email=f"r{n}+self@example.com", link=link)
        friend = make_referral(program, email=f"f{n}@example.com", link=link)
        sale = record_sale(
            program=program, source="api", external_id=f"A-{n}", friend_email=friend.friend.email,
            amount="99.00", currency="GBP",
        )  # fmt: skip
        reward = sale.rewards[0]
        approve_reward(reward=reward, actor=boss)
        release_hold(reward=reward, actor=boss, note="x")
        send_payout(payout_id=Payout.objects.get(items__reward=reward).pk)
        create_api_key(site_id=program.site_id, name=f"Key {n}")


def queries_of(client, url):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_each_list_costs_as_many_queries_for_twenty_rows_as_for_two(admin_client):
    urls = [reverse(name) for name in LISTS]
    add_rows(0, 2)
    for url in urls:
        admin_client.get(url)  # content types and permissions are cached from here on
    two = {url: queries_of(admin_client, url) for url in urls}
    add_rows(2, 20)
    assert {url: queries_of(admin_client, url) for url in urls} == two


@pytest.mark.parametrize("kind", ["referrers", "friends", "sales", "rewards", "payouts"])
@pytest.mark.parametrize("step", ["add", "edit", "delete", "copy", "history"])
def test_what_flows_wrote_cannot_be_edited(kind, step):
    with pytest.raises(NoReverseMatch):
        reverse(f"referral_{kind}:{step}", args=[1])


def shown(client, name, **query):
    return list(client.get(reverse(name), query).context["object_list"])


def bought(n, program):
    referral = make_referral(
        program, email=f"f{n}@example.com", link=make_link(program, email=f"r{n}@example.com", name=f"Robin {n}")
    )
    record_sale(
        program=program, source="api", external_id=f"A-{n}", friend_email=referral.friend.email,
        amount="99.00", currency="GBP",
    )  # fmt: skip
    return referral


def test_referrers_are_counted_without_multiplying(admin_client):
    program = make_program()
    referral = bought(1, program)
    make_referral(program, email="second@example.com", link=referral.link)
    for _time in range(3):
        record_visit(code=referral.link.code, site_id=program.site_id, ip_hash="")
    (row,) = shown(admin_client, "referral_referrers:index")
    assert (row.code, row.visit_count, row.friend_count, row.qualified_count) == (referral.link.code, 3, 2, 1)


def test_lists_filter_by_programme_and_state(admin_client):
    one, two = make_program(), make_program(slug="second", name="Second")
    first, second = bought(1, one), bought(2, two)
    Referral.objects.get(pk=make_referral(one, email="late@example.com", link=first.link).pk)
    assert shown(admin_client, "referral_friends:index", program=two.pk) == [second]
    assert shown(admin_client, "referral_friends:index", program=one.pk, stage="qualified") == [first]
    assert {r.program for r in shown(admin_client, "referral_rewards:index", program=one.pk)} == {one}
    assert shown(admin_client, "referral_rewards:index", state=RewardState.ISSUED) == []
    assert [s.program for s in shown(admin_client, "referral_sales:index", program=two.pk)] == [two]
    assert {r.program for r in shown(admin_client, "referral_reward_desk:index", program=two.pk)} == {two}
    assert len(shown(admin_client, "referral_reward_desk:index", reason="approval")) == 4
    assert shown(admin_client, "referral_reward_desk:index", reason="review") == []
    assert shown(admin_client, "referral_programs:list", status="draft") == []


def test_lists_filter_by_date(admin_client):
    bought(1, make_program())
    old = {"occurred_at_from": "2001-01-01", "occurred_at_to": "2001-12-31"}
    assert shown(admin_client, "referral_sales:index", **old) == []
    assert len(shown(admin_client, "referral_sales:index", occurred_at_from="2001-01-01")) == 1


ODD = (
    {"q": "a\x00b"},
    {"q": "x" * 10_000},
    {"program": "x"},
    {"program": "9" * 30},
    {"ordering": "password"},
    {"p": "999"},
    {"state": "nonsense"},
    {"source": "nonsense"},
    {"occurred_at_from": "0001-01-01", "occurred_at_to": "9999-12-31"},
    {"first": "0001-01-01", "last": "9999-12-31"},
)


@pytest.mark.parametrize("name", LISTS)
def test_an_odd_address_still_opens_the_list(admin_client, settings, name):
    settings.TIME_ZONE = "America/New_York"
    bought(1, make_program())
    for query in ODD:
        assert admin_client.get(reverse(name), query).status_code == 200, query


@pytest.mark.parametrize(
    ("name", "words", "found"),
    [
        ("referral_referrers:index", "r2@example", 1),
        ("referral_referrers:index", "robin 1", 1),
        ("referral_friends:index", "f1@", 1),
        ("referral_friends:index", "Robin", 2),
        ("referral_sales:index", "A-2", 1),
        ("referral_rewards:index", "f2@example.com", 1),
        ("referral_reward_desk:index", "Robin 2", 1),
        ("referral_programs:list", "neigh", 1),
        ("referral_programs:list", "nothing", 0),
    ],
)
def test_lists_are_searched_by_name_and_address(admin_client, name, words, found):
    program = make_program()
    bought(1, program)
    bought(2, program)
    assert len(shown(admin_client, name, q=words)) == found


def test_a_referrer_with_two_links_is_found_once_by_either(admin_client):
    link = make_link(make_program())
    link.referrer.links.create(code="OLDCODE", is_primary=False)
    assert shown(admin_client, "referral_referrers:index", q="CODE") == [link.referrer]
    assert shown(admin_client, "referral_referrers:index", q=link.code) == [link.referrer]
    assert len(shown(admin_client, "referral_referrers:index", q="E")) == 1


def test_the_audit_trail_says_from_to_who_and_why(admin_client):
    bought(1, make_program())
    reward = Reward.objects.get(side="referrer")
    boss = User.objects.get(username="admin")
    release_hold(reward=reward, actor=boss, note="Known customer")
    html = admin_client.get(reverse("referral_rewards:inspect", args=[reward.pk])).content.decode()
    for said in ("The waiting time for returns is not over", "A person decided", "Known customer", "admin"):
        assert said in html


def test_a_programmes_row_counts_its_people(admin_client):
    program = make_program()
    first = bought(1, program)
    make_referral(program, email="second@example.com", link=first.link)
    make_link(program, email="lone@example.com")
    (row,) = shown(admin_client, "referral_programs:list")
    assert (row.referrer_count, row.friend_count) == (2, 2)
    assert Program.objects.count() == 1
