import re
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command

from graphql_api.errors import ErrorCode
from graphql_api.reference import FOR, ROOTS, SCOPE, _slug
from graphql_api.schema import schema

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "graphql.md"


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    file = tmp_path_factory.mktemp("reference") / "graphql.md"
    call_command("export_reference", path=file)
    return file.read_text()


def test_the_committed_reference_is_the_schemas(text):
    assert text == COMMITTED.read_text(), "Run `make schema` and commit docs/reference/graphql.md."


def test_every_type_and_every_root_field_has_a_heading_of_its_own(text):
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    kinds = schema._schema.type_map
    wanted = {f"{root}.{name}" for root in ROOTS for name in kinds[root].fields if root in kinds}
    known = re.compile(r"__|(Connection|Edge|PageInfo|Query|Mutation|Subscription)$")
    scalars = {name for name, kind in kinds.items() if not hasattr(kind, "fields") and not hasattr(kind, "values")}
    wanted |= {name for name in kinds if not known.match(name) and not known.search(name)} - scalars | {"PageBlock"}
    assert wanted - set(headings) == set()
    assert [name for name, count in Counter(map(_slug, headings)).items() if count > 1] == []


def test_every_link_within_the_reference_leads_somewhere(text):
    anchors = {_slug(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) - anchors == set()


def test_every_code_of_the_requests_errors_is_explained(text):
    table = text[text.index("## Errors") : text.index("## Money moves once")]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [code.value for code in ErrorCode]


def test_it_says_who_may_ask(text):
    assert [name for name in FOR if f"### {name}\n" not in text] == []
    for name, field in schema._schema.mutation_type.fields.items():
        said = text[text.index(f"### Mutation.{name}\n") :][:400]
        if scope := SCOPE.search(field.description):
            assert f"for an API key with `{scope.group(1)}`" in said
    assert "for a referrer who has opened a sign-in link" in text[text.index("### Mutation.exchangePoints") :][:300]
    assert "for anybody" in text[text.index("### Mutation.joinProgram") :][:300]
