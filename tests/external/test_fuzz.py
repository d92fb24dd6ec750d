"""No document that the schema allows brings the API down, shows its inside, or writes where it says no.

FUZZ_SECONDS is for all callers together, on each database: 30 here, 330 in `make fuzz`, where every query and mutation
has to get its turn.
"""

import os

import pytest
from graphql import build_schema

from tests.postgres import postgres

from .api import running_api
from .fuzz import SDL, fuzz

SECONDS = int(os.environ.get("FUZZ_SECONDS", "30"))
pytestmark = pytest.mark.timeout(600 + 2 * SECONDS)


@pytest.fixture
def other_api(tmp_path):
    with postgres() as url, running_api(tmp_path, url) as api:
        yield api


@pytest.mark.parametrize("database", ["api", "other_api"], ids=["SQLite", "PostgreSQL"])
def test_whatever_is_asked_the_api_answers_or_refuses_and_a_refusal_writes_nothing(database, request, tmp_path):
    api = request.getfixturevalue(database)
    callers = api.callers()
    problems, asked = {}, set()
    for caller, headers in callers.items():
        found = fuzz(api, caller=caller, headers=headers, seconds=SECONDS // len(callers), folder=tmp_path)
        asked |= found.names()
        answered, refused = found.cases("answered"), found.cases("refused")
        print(f"{caller}: {found.cases()} cases over {len(found.names())} operations, {answered} answered", end=", ")
        print(f"{refused} refused: {dict(found.codes.most_common())}")
        print(f"  answered: {', '.join(sorted(found.names('answered')))}")
        if found.failed or not found.cases():
            problems[caller] = found.said
    for caller, said in problems.items():
        print(f"=== {caller} ===\n{said}")
    assert list(problems) == []
    assert "Unexpected error" not in api.log.read_text()
    if SECONDS >= 300:
        assert root_fields() - asked == set()


def root_fields():
    schema = build_schema(SDL.read_text())
    roots = {"Query": schema.query_type, "Mutation": schema.mutation_type}
    return {f"{name}.{field}" for name, root in roots.items() for field in root.fields}
