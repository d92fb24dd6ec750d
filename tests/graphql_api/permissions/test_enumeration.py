"""Nobody learns from an answer whether an address is known: not from its body, its headers, its status, nor from how
much work it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from graphql import get_named_type

from tests.graphql_api.permissions import table
from tests.graphql_api.permissions.asking import gid
from tests.graphql_api.permissions.callers import Caller, referrers
from tests.graphql_api.permissions.walk import object_types
from tests.graphql_api.permissions.writing import digest, watched

pytestmark = pytest.mark.django_db
LINK = "link { code url qrPngUrl qrSvgUrl }"
CLOCKS = {"Content-Length", "Date", "Expires"}  # the length is the body’s, which is compared
# Mutation → what is asked for, and by how many queries the addresses differ. Addresses for links are looked up by the
# queue, at one cost for all. Who joins is written and screened when new: ADR 0005 says what a clock can tell there; it
# does not get worse.
ADDRESSED: dict[str, tuple[str, int]] = {
    "captureReferral": ("program { id }", 45),
    "joinGroup": ("group { id placesTaken }", 50),
    "joinProgram": (f"program {{ id }} {LINK}", 8),
    "requestDataLink": ("ok", 0),
    "requestLoginLink": ("ok", 0),
}
TELL_NO_ADDRESS = {
    "attributeReferral": "only for those who may read addresses anyway",
    "recordSale": "only for those who may write sales, who know their customers",
}
UNKNOWN = "nobody-knows@example.com"


def given(world, name: str, address: str) -> dict[str, Any]:
    own = world.own
    friend = {"email": address, "name": "Noa Example", "acceptTerms": True}
    return {
        "captureReferral": {"program": own.program.slug, "code": own.code, **friend},
        "joinGroup": {"group": gid("Group", own.rows["group"]), **friend},
        "joinProgram": {"program": own.program.slug, **friend},
        "requestDataLink": {"email": address},
        "requestLoginLink": {"program": own.program.slug, "email": address},
    }[name]


def addresses(world) -> dict[str, str]:
    """One that nobody has, and one of everybody whom the site, or another one, knows."""
    found = {"unknown": UNKNOWN}
    for story in world.stories:
        found[f"referrer {story.who}"] = story.address("robin")
        found[f"friend {story.who}"] = story.address(0)
    return found


def answer(caller: Caller, name: str, sent: dict[str, Any], before: str) -> tuple[tuple[Any, ...], int]:
    """All that can be seen from outside, but for a link's code, which is random; and how many queries it took."""
    kind = object_types()["Mutation"].fields[name].args["input"].type
    asked = ADDRESSED[name][0]
    document = f"mutation ($input: {kind}) {{ {name}(input: $input) {{ {asked} errors {{ code path message }} }} }}"
    with watched(before), CaptureQueriesContext(connection) as queries:
        response = caller.post(document, {"input": sent})
    text = response.content.decode()
    payload = json.loads(text)["data"][name]
    if code := (payload.get("link") or {}).get("code"):
        text = text.replace(code, "CODE")
    headers = {key: value for key, value in response.items() if key not in CLOCKS}
    return (response.status_code, text, str(headers), str(response.cookies)), len(queries)


def test_every_mutation_that_takes_an_address_stands_here():
    inputs = {
        name: get_named_type(field.args["input"].type).fields
        for name, field in object_types()["Mutation"].fields.items()
        if "input" in field.args
    }
    taking = {name for name, fields in inputs.items() if any("email" in one.lower() for one in fields)}
    assert taking == {*ADDRESSED, *TELL_NO_ADDRESS}
    assert all(table.mutations()[name][0].name == "public" for name in ADDRESSED)
    assert all(table.mutations()[name][0].scope for name in TELL_NO_ADDRESS)


@pytest.mark.parametrize("name", ADDRESSED)
def test_an_answer_is_the_same_for_every_address(world, name):
    nobody = referrers(world)[0]
    before = digest()
    answer(nobody, name, given(world, name, UNKNOWN), before)  # what is read once in a process is known by now
    found = {who: answer(nobody, name, given(world, name, one), before) for who, one in addresses(world).items()}
    assert {seen for seen, _queries in found.values()} == {found["unknown"][0]}
    queries = {who: count for who, (_seen, count) in found.items()}
    assert max(queries.values()) - min(queries.values()) <= ADDRESSED[name][1], queries


@pytest.mark.parametrize("name", ["captureReferral", "joinGroup", "joinProgram"])
@pytest.mark.parametrize("wrong", [{"acceptTerms": False}, {"name": "see http://evil.example.com"}])
def test_a_refusal_is_the_same_for_every_address(world, name, wrong):
    nobody = referrers(world)[0]
    before = digest()
    found = {answer(nobody, name, {**given(world, name, one), **wrong}, before)[0] for one in addresses(world).values()}
    assert len(found) == 1, found


def test_a_code_of_another_site_is_as_unknown_as_none(world):
    nobody = referrers(world)[0]
    asked = 'query ($code: String!) { validateCode(program: "neighbours", code: $code) { isValid greetingName } }'
    answers = {nobody.post(asked, {"code": code}).content for code in (world.far.code, world.next.code, "NO-SUCH-CODE")}
    assert len(answers) == 1
    assert nobody.post(asked, {"code": world.own.code}).content not in answers
