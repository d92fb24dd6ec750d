"""Fields in fragments are planned like those that stand by themselves: clients such as Relay write no others."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from tests.graphql_api.ask import data
from tests.graphql_api.many import many
from tests.make import make_program

WANTED = "{ friend { email } referrer { person { name } } rewards(first: 3) { edges { node { title } } } }"
LIST = "{{ server {{ referrals(first: 50) {{ edges {{ node {{ id {part} }} }} }} }} }}"
PARTS = {
    "plain": (LIST.format(part=WANTED[1:-1]), ""),
    "inline": (LIST.format(part=f"... on ReferralRecord {WANTED}"), ""),
    "spread": (LIST.format(part="...F"), f"fragment F on ReferralRecord {WANTED}"),
    "interface": (LIST.format(part=f"... on Node {{ ... on ReferralRecord {WANTED} }}"), ""),
}


@pytest.mark.django_db
def test_a_fragment_costs_no_query_more_than_its_fields(client):
    program = make_program()
    key = create_api_key(site_id=program.site_id, name="Books", scopes=Scope.values)[1]
    data(client, "{ __typename }", bearer=key)  # the key’s last use is written once a minute
    many(program, 10)
    counts = {}
    for name, (query, fragment) in PARTS.items():
        with CaptureQueriesContext(connection) as queries:
            assert len(data(client, f"{query} {fragment}", bearer=key)["server"]["referrals"]["edges"]) == 10
        counts[name] = len(queries)
    assert set(counts.values()) == {counts["plain"]}, counts
    assert counts["plain"] < 10
