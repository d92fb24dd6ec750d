"""Operations that the documents show fit the schema: whoever copies one gets an answer."""

import re
from pathlib import Path

import pytest
from graphql import KnownDirectivesRule, NoUnusedFragmentsRule, parse, specified_rules, validate

from graphql_api.schema import schema

# The reference shows none, and the quick start is run, every line of it (tests/external/test_first_query.py).
ELSEWHERE = {"graphql", "first-query"}
DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^( *)```graphql\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# In the code of other languages: Python's texts in three quotes or one, and JavaScript's templates.
BEGINS = r"(?:query|mutation|subscription)\b"
QUOTED = re.compile(rf'"""\s*({BEGINS}.*?)"""|"({BEGINS}[^"\n]*\}})"|`({BEGINS}.*?)`', re.DOTALL)
# A client's own directives, and fragments that its compiler puts together.
RULES = [rule for rule in specified_rules if rule not in (KnownDirectivesRule, NoUnusedFragmentsRule)]


def shown() -> list[tuple[str, str]]:
    """(Document, operation) of each that stands in one."""
    found = []
    for file in sorted(DOCS.rglob("*.md")):
        if "node_modules" in file.parts or file.stem in ELSEWHERE:
            continue
        text = file.read_text()
        found += [(file.stem, block) for _indent, block in FENCE.findall(text)]
        found += [(file.stem, next(filter(None, groups))) for groups in QUOTED.findall(FENCE.sub("", text))]
    return found


def test_operations_are_found_in_every_kind_of_code():
    names = [name for name, _operation in shown()]
    assert {"follow-what-happens", "use-a-client-library", "call-the-api-from-a-server"} <= set(names)
    assert len(names) > 10


@pytest.mark.parametrize(("name", "operation"), shown(), ids=[f"{name}-{n}" for n, (name, _) in enumerate(shown())])
def test_each_fits_the_schema(name, operation):
    problems = validate(schema._schema, parse(operation), RULES)
    assert [problem.message for problem in problems] == []
