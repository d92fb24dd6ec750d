"""The funnel's figures for a story whose every event has a known day."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import User

from referral_blocks.analytics.funnel import Funnel, Period, funnels, total
from referral_blocks.core.money import Money
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.record_visit import record_visit
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db

# Paid at once, so that the story decides the day.
RULES = (
    {"side": "referrer", "title": "£20 gift", "amount_minor": 2000, "hold_days": 0, "approval": "automatic"},
    {"side": "friend", "title": "£10 off", "amount_minor": 1000, "hold_days": 0, "approval": "automatic"},
)


def on(day, hour=12):
    return time_machine.travel(datetime(2026, 3, day, hour, tzinfo=UTC), tick=False)


def visit(link, times=1):
    for _time in range(times):
        record_visit(code=link.code, site_id=link.referrer.program.site_id, ip_hash="")


def buy(referral, day, number):
    with on(day):
        return record_sale(
            program=referral.program, source="api", external_id=number, friend_email=referral.friend.email,
            amount="99.00", currency=referral.program.currency,
        ).rewards  # fmt: skip


def story():
    """March: two referrers join on the 1st. Ada brings 8 visits (1st, 2nd) and four friends on the 2nd; three of them
    buy on the 5th, 6th and 31st, the fourth on the 8th and is blocked on the 9th. Ben brings nobody. The first friend's
    rewards are handed over on the 7th."""
    with on(1):
        program = make_program(rules=RULES)
        ada = make_link(program, email="ada@example.com", name="Ada Example")
        make_link(program, email="ben@example.com", name="Ben Example")
        visit(ada, 5)
    with on(2):
        visit(ada, 3)
        friends = [make_referral(program, email=f"f{n}@example.com", link=ada) for n in range(3)]
        friends.append(make_referral(program, email="ada+1@example.com", link=ada))
    for day, referral in zip((5, 6, 31), friends, strict=False):
        buy(referral, day, f"A-{referral.pk}")
    with on(7):
        for payout in Payout.objects.filter(items__reward__referral=friends[0]):
            send_payout(payout_id=payout.pk)
        boss = User.objects.create_user("boss")
        for handover in Handover.objects.all():
            mark_handed_over(handover=handover, actor=boss)
    blocked = friends[3]
    buy(blocked, 8, "A-blocked")
    with on(9):
        review_referral(referral=blocked, approve=False, note="Self-referral", actor=boss)
    return program


def test_the_whole_story():
    program = story()
    assert funnels(period=Period()) == [
        Funnel(
            program=program, referrers=2, active_referrers=1, visits=8, friends=4, qualified=4, rewarded=1,
            costs=(Money(9000, "GBP"),),
        )
    ]  # fmt: skip


def test_the_rates_of_the_whole_story():
    story()
    (funnel,) = funnels(period=Period())
    assert funnel.participation == Decimal("0.5000")
    assert funnel.friends_per_visit == Decimal("0.5000")
    assert funnel.qualified_per_friend == Decimal("1.0000")
    assert funnel.rewarded_per_customer == Decimal("0.2500")
    assert funnel.costs_per_customer == (Money(2250, "GBP"),)


@pytest.mark.parametrize(
    ("first", "last", "figures"),
    [
        (None, 1, (2, 1, 5, 0, 0, 0, 0)),
        (2, 2, (2, 1, 3, 4, 0, 0, 0)),
        (3, 4, (2, 0, 0, 0, 0, 0, 0)),
        (5, 6, (2, 0, 0, 0, 2, 0, 6000)),
        (7, 7, (2, 0, 0, 0, 0, 1, 0)),
        (8, None, (2, 0, 0, 0, 2, 0, 3000)),
        (31, 31, (2, 0, 0, 0, 1, 0, 3000)),
    ],
)
def test_each_figure_counts_the_events_of_its_own_day(first, last, figures):
    story()
    period = Period(first and date(2026, 3, first), last and date(2026, 3, last))
    (f,) = funnels(period=period)
    cost = sum(m.amount_minor for m in f.costs)
    assert (f.referrers, f.active_referrers, f.visits, f.friends, f.qualified, f.rewarded, cost) == figures


def test_a_programme_that_nobody_joined_by_the_last_day_has_no_rates():
    story()
    (funnel,) = funnels(period=Period(None, date(2026, 2, 28)))
    assert (funnel.referrers, funnel.participation, funnel.friends_per_visit) == (0, None, None)
    assert (funnel.qualified_per_friend, funnel.costs_per_customer) == (None, ())


def test_days_are_days_of_the_site(settings):
    settings.TIME_ZONE = "America/New_York"
    with on(1):
        link = make_link(make_program(rules=()))
    with on(2, hour=3):  # still the evening of the 1st in New York
        visit(link)
    assert [f.visits for f in funnels(period=Period(date(2026, 3, 1), date(2026, 3, 1)))] == [1]
    assert [f.visits for f in funnels(period=Period(date(2026, 3, 2), date(2026, 3, 2)))] == [0]


def test_programmes_stand_apart_and_add_up_by_currency():
    story()
    other = make_program(name="Tokyo club", slug="tokyo", currency="JPY", rules=({**RULES[0], "amount_minor": 500},))
    with on(10):
        referral = make_referral(other, email="yuki@example.com", link=make_link(other, email="ren@example.com"))
    buy(referral, 11, "T-1")
    first, second = funnels(period=Period())
    assert (second.program, second.friends, second.qualified, second.costs) == (other, 1, 1, (Money(500, "JPY"),))
    both = total([first, second])
    assert (both.program, both.referrers, both.visits, both.friends, both.qualified) == (None, 3, 8, 5, 5)
    assert both.costs == (Money(9000, "GBP"), Money(500, "JPY"))
    assert both.costs_per_customer == (Money(1800, "GBP"), Money(100, "JPY"))
    assert [f.program for f in funnels(period=Period(), program_id=other.pk)] == [other]


def test_half_a_penny_is_rounded_up():
    funnel = Funnel(program=None, qualified=2, costs=(Money(25, "GBP"),))
    assert funnel.costs_per_customer == (Money(13, "GBP"),)


def test_the_number_of_queries_does_not_grow_with_the_programmes(django_assert_num_queries):
    story()
    with django_assert_num_queries(8):
        funnels(period=Period())
    for n in range(5):
        make_program(slug=f"p{n}")
    with django_assert_num_queries(8):
        assert len(funnels(period=Period())) == 6
