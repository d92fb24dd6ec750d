from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.links.models import Visit
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.many import clear, many
from tests.make import make_program

pytestmark = pytest.mark.django_db

ASK = """query ($firstDay: Date, $lastDay: Date, $step: StatisticsStep! = DAY) { server {
  statistics(program: "neighbours", firstDay: $firstDay, lastDay: $lastDay) {
    funnel { referrers activeReferrers visits friends qualified rewarded participation friendsPerVisit
      qualifiedPerFriend rewardedPerCustomer costs { amountMinor currency } costsPerCustomer { amountMinor } }
    buckets(step: $step) { firstDay lastDay joined visits friends qualified rewarded costs { amountMinor } }
    cohorts { month referrers active friends qualified costs { amountMinor } months { number friends qualified } }
  } } }"""


def noon(month, day):
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture
def program():
    """Four referrers, two of March and two of April, a friend each; one friend of March is a customer of April."""
    program = make_program()
    many(program, 4)
    referrers = list(Referrer.objects.order_by("pk"))
    for referrer, joined, brought in zip(
        referrers, (noon(3, 2), noon(3, 30), noon(4, 1), noon(4, 8)), (noon(3, 30), noon(4, 2), noon(4, 8), noon(4, 8)),
        strict=True,
    ):  # fmt: skip
        Referrer.objects.filter(pk=referrer.pk).update(joined_at=joined)
        Referral.objects.filter(referrer=referrer).update(attributed_at=brought)
        Reward.objects.filter(referrer=referrer).update(created_at=brought)
    Referral.objects.filter(referrer=referrers[0]).update(stage="qualified", qualified_at=noon(4, 2))
    Reward.objects.filter(referrer=referrers[3]).update(state="void")
    visit = Visit.objects.create(link=referrers[1].links.get(), program=program)
    Visit.objects.filter(pk=visit.pk).update(created_at=noon(4, 2))
    return program


@pytest.fixture
def key(program):
    return create_api_key(site_id=program.site_id, name="Board", scopes=[Scope.STATISTICS_READ])[1]


def figures(client, key, **given):
    april = {"firstDay": "2026-04-01", "lastDay": "2026-04-30"}
    return data(client, ASK, {**april, **given}, bearer=key)["server"]["statistics"]


def test_the_funnel_has_rates_and_costs(client, key):
    assert figures(client, key)["funnel"] == {
        "referrers": 4, "activeReferrers": 3, "visits": 1, "friends": 3, "qualified": 1, "rewarded": 0,
        "participation": 0.75, "friendsPerVisit": 3.0, "qualifiedPerFriend": 0.3333, "rewardedPerCustomer": 0.0,
        "costs": [{"amountMinor": 4000, "currency": "GBP"}], "costsPerCustomer": [{"amountMinor": 4000}],
    }  # fmt: skip


def test_steps_of_time_come_with_the_empty_ones_and_end_where_the_stretch_does(client, key):
    weeks = figures(client, key, lastDay="2026-04-15", step="WEEK")["buckets"]
    assert [(week["firstDay"], week["lastDay"], week["joined"], week["friends"]) for week in weeks] == [
        ("2026-04-01", "2026-04-05", 1, 1),
        ("2026-04-06", "2026-04-12", 1, 2),
        ("2026-04-13", "2026-04-15", 0, 0),
    ]
    assert weeks[0] == {
        "firstDay": "2026-04-01", "lastDay": "2026-04-05", "joined": 1, "visits": 1, "friends": 1, "qualified": 1,
        "rewarded": 0, "costs": [{"amountMinor": 2000}],
    }  # fmt: skip
    months = figures(client, key, firstDay="2026-02-10", step="MONTH")["buckets"]
    assert [(month["firstDay"], month["joined"]) for month in months] == [
        ("2026-02-10", 0), ("2026-03-01", 2), ("2026-04-01", 2),
    ]  # fmt: skip
    days = figures(client, key)["buckets"]
    assert (len(days), sum(day["friends"] for day in days), days[1]["qualified"]) == (30, 3, 1)


def test_cohorts_go_by_the_month_of_joining(client, key):
    assert figures(client, key)["cohorts"] == [
        {
            "month": "2026-03-01", "referrers": 2, "active": 2, "friends": 2, "qualified": 1,
            "costs": [{"amountMinor": 4000}],
            "months": [{"number": 0, "friends": 1, "qualified": 0}, {"number": 1, "friends": 1, "qualified": 1}],
        },
        {
            "month": "2026-04-01", "referrers": 2, "active": 2, "friends": 2, "qualified": 0,
            "costs": [{"amountMinor": 2000}],
            "months": [{"number": 0, "friends": 2, "qualified": 0}],
        },
    ]  # fmt: skip


def test_the_number_of_queries_does_not_grow(client):
    program = make_program()
    key = create_api_key(site_id=program.site_id, name="Board", scopes=[Scope.STATISTICS_READ])[1]
    data(client, "{ server { __typename } }", bearer=key)
    counts = []
    for count in (1, 10, 100):
        clear()
        many(program, count)
        with CaptureQueriesContext(connection) as queries:
            assert data(client, ASK, bearer=key)["server"]["statistics"]["funnel"]["friends"] == count
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts


@pytest.mark.parametrize(
    "given",
    [
        {"firstDay": "2026-05-01"},
        {"firstDay": "1969-12-31"},
        {"lastDay": "9999-12-31"},
        {"firstDay": "2020-01-01"},
    ],
)
def test_stretches_that_make_no_sense_or_too_many_steps_are_refused(client, key, given):
    answer = ask(client, ASK, {"firstDay": "2026-04-01", "lastDay": "2026-04-30", **given}, bearer=key)
    assert set(codes(answer)) == {"BAD_USER_INPUT"}


def test_an_unknown_programme_has_no_figures(client, key):
    query = '{ server { statistics(program: "unknown") { firstDay } } }'
    assert data(client, query, bearer=key) == {"server": {"statistics": None}}


def test_by_default_it_is_the_last_thirty_days(client, key):
    found = data(client, '{ server { statistics(program: "neighbours") { firstDay lastDay } } }', bearer=key)
    span = [date.fromisoformat(found["server"]["statistics"][side]) for side in ("firstDay", "lastDay")]
    assert (span[1] - span[0]).days == 29
