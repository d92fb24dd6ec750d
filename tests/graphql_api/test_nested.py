"""Lists under the rows of a list: cut by the database, whatever page is asked for, in one query for all rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from strawberry.relay.utils import to_base64

from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.payouts.models import PayoutItem
from referral_blocks.rewards.models import Reward
from tests.graphql_api.ask import ask, codes, data
from tests.graphql_api.many import many
from tests.make import make_program

pytestmark = pytest.mark.django_db
QUERY = """query($first: Int, $after: String, $last: Int, $before: String) {
  server { referrals(first: 2) { edges { node { rewards(first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { title } }
  } } } } }
}"""


def cursor(number):
    """Of the row with this number, from 1."""
    return to_base64("arrayconnection", number - 1)


@pytest.fixture
def key():
    """Of one referral with five rewards, R5 the newest and so the first, and one with none."""
    program = make_program()
    many(program, 2)
    PayoutItem.objects.all().delete()
    one, other = Reward.objects.order_by("pk")
    other.delete()
    Reward.objects.filter(pk=one.pk).update(title="R1")
    for number in range(2, 6):
        Reward.objects.create(
            rule=one.rule, program=program, person=one.person, referrer=one.referrer, referral=one.referral,
            trigger_key=f"n{number}", side="referrer", title=f"R{number}", amount_minor=1, promised_minor=1,
            currency="GBP", method="manual",
        )  # fmt: skip
    return create_api_key(site_id=program.site_id, name="Books", scopes=Scope.values)[1]


def lists(client, key, **given):
    edges = data(client, QUERY, given, bearer=key)["server"]["referrals"]["edges"]
    return [edge["node"]["rewards"] for edge in edges]


@pytest.mark.parametrize(
    ("given", "titles", "more"),
    [
        ({}, "R5 R4 R3 R2 R1", (False, False)),
        ({"first": 2}, "R5 R4", (False, True)),
        ({"first": 2, "after": cursor(2)}, "R3 R2", (True, True)),
        ({"first": 9, "after": cursor(3)}, "R2 R1", (True, False)),
        ({"last": 2}, "R2 R1", (True, False)),
        ({"last": 2, "before": cursor(4)}, "R4 R3", (True, True)),
        ({"last": 2, "before": cursor(99)}, "R2 R1", (True, False)),
        ({"last": 9, "after": cursor(3)}, "R2 R1", (True, False)),
        ({"first": 3, "last": 1}, "R3", (True, True)),
        ({"first": 3, "before": cursor(3)}, "R5 R4", (False, True)),
        ({"first": 0}, "", (False, False)),
        ({"last": 0}, "", (False, False)),
        ({"first": 2, "after": cursor(90)}, "", (False, False)),
    ],
)
def test_every_page_counts_and_costs_the_same(client, key, given, titles, more):
    lists(client, key)
    with CaptureQueriesContext(connection) as queries:
        empty, full = sorted(lists(client, key, **given), key=lambda found: found["totalCount"])
    assert len(queries) == 4  # the key, the site, the referrals, all their rewards
    assert empty == {
        "totalCount": 0, "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }  # fmt: skip
    assert full["totalCount"] == 5
    assert " ".join(edge["node"]["title"] for edge in full["edges"]) == titles
    assert (full["pageInfo"]["hasPreviousPage"], full["pageInfo"]["hasNextPage"]) == more
    for edge in full["edges"]:
        assert edge["cursor"] == cursor(6 - int(edge["node"]["title"][1:]))


def test_only_the_page_and_the_first_row_are_loaded(client, key):
    with CaptureQueriesContext(connection) as queries:
        lists(client, key, first=1, after=cursor(3))
    sql = next(query["sql"] for query in queries if "_page_row" in query["sql"])
    with connection.cursor() as opened:
        opened.execute(sql)
        assert len(opened.fetchall()) == 2


@pytest.mark.parametrize(
    "given", [{"first": -1}, {"first": 101}, {"last": 101}, {"after": "x"}, {"before": cursor(10**12)}]
)
def test_senseless_arguments_are_refused_row_by_row(client, key, given):
    answer = ask(client, QUERY, given, bearer=key)
    assert set(codes(answer)) == {"BAD_USER_INPUT"}
