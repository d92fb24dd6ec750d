import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from referral_blocks.flows.record_sale import record_sale
from referral_blocks.programs.models import ProgramStatus
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db

BOARD = """
query ($program: String, $first: Int! = 10) {
  leaderboard(program: $program, first: $first) {
    program { slug } period startsAt lastMoment prizes { title places { first last } }
    places { rank name friends prizes { title earned } }
  }
}
"""
CUP = {"side": "referrer", "title": "Cup", "amount_minor": 900, "trigger": "period", "rank_to": 1}


def bring(program, name, friends, *, consent):
    link = make_link(program, email=f"{name.split()[0]}@example.com", name=name)
    referrer = link.referrer
    referrer.leaderboard_consent = consent
    referrer.save()
    for number in range(friends):
        email = f"{name.split()[0]}-{number}@friends.example"
        make_referral(program, email=email, link=link)
        record_sale(program=program, friend_email=email, source="api", external_id=email, amount="10", currency="GBP")


def test_a_leaderboard_names_only_those_who_agreed(client):
    with time_machine.travel("2026-11-02T10:00:00Z", tick=False):
        program = make_program(rules=(CUP,))
        bring(program, "Ana Ivanova", 2, consent=True)
        bring(program, "Bo Secret", 1, consent=False)
        board = data(client, BOARD)["leaderboard"]
    assert board == {
        "program": {"slug": "neighbours"},
        "period": "MONTH",
        "startsAt": "2026-11-01T00:00:00+00:00",
        "lastMoment": "2026-11-30T23:59:59.999999+00:00",
        "prizes": [{"title": "Cup", "places": {"first": 1, "last": 1}}],
        "places": [
            {
                "rank": 1,
                "name": "Ana I.",
                "friends": 2,
                "prizes": [{"title": "Cup", "earned": "for place 1 of the month"}],
            },
            {"rank": 2, "name": "Anonymous", "friends": 1, "prizes": []},
        ],
    }


def test_no_leaderboard_of_a_draft_or_of_nothing(client):
    make_program(status=ProgramStatus.DRAFT)
    assert data(client, BOARD) == data(client, BOARD, {"program": "neighbours"}) == {"leaderboard": None}


@pytest.mark.parametrize("first", [0, -1, 51])
def test_no_board_longer_than_fifty(client, first):
    make_program()
    assert codes(ask(client, BOARD, {"first": first})) == ["BAD_USER_INPUT"]


def test_more_places_cost_no_more_queries(client):
    program = make_program(rules=(CUP,))
    counts = []
    for name in ("Ana One", "Bo Two", "Cy Three", "Di Four"):
        bring(program, name, 1, consent=True)
        with CaptureQueriesContext(connection) as queries:
            data(client, BOARD)
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts
