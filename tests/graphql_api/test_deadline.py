import time

import pytest

from referral_blocks.flows.join_program import join_program
from referral_blocks.people.models import Person
from referral_blocks.views.site import site_of
from tests.graphql_api.ask import ask, bearer_of, codes
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db

JOIN = '(input: {program: "neighbours", email: "%s@example.com", acceptTerms: true}) { errors { code } }'


@pytest.fixture(autouse=True)
def at_once(settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_TIMEOUT_SECONDS": 0.15}


def test_a_query_that_takes_too_long_ends_with_one_clear_error(client, monkeypatch):
    bearer = bearer_of(make_link(make_program()).referrer)
    monkeypatch.setattr("graphql_api.context.site_of", slow_site_of)
    answer = ask(client, "{ a: viewer { firstName } b: viewer { firstName } }", bearer=bearer)
    assert (answer["data"], codes(answer)) == (None, ["TIMEOUT"])
    assert ask(client, "{ __typename }")["data"] == {"__typename": "Query"}  # nothing is left over


def test_no_mutation_begins_after_the_deadline_and_none_is_cut(client, monkeypatch):
    make_program()

    def slow(**given):
        time.sleep(0.2)
        return join_program(**given)

    monkeypatch.setattr("graphql_api.referrers.mutations.join_program", slow)
    answer = ask(client, "mutation { a: joinProgram" + JOIN % "a" + " b: joinProgram" + JOIN % "b" + " }")
    assert codes(answer) == ["TIMEOUT"]
    assert list(Person.objects.values_list("email", flat=True)) == ["a@example.com"]


def slow_site_of(request):
    time.sleep(0.2)
    return site_of(request)
