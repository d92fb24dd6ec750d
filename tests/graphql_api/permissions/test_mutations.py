"""Every mutation, sent by everybody: it is done for whom the table says, and a refusal writes and queues nothing."""

from __future__ import annotations

import pytest

from tests.graphql_api.permissions import table
from tests.graphql_api.permissions.asking import foreign_ids, ids_of
from tests.graphql_api.permissions.callers import Caller, keys, mutation_rights, referrers, staff
from tests.graphql_api.permissions.inputs import CHANGES_NOTHING, inputs
from tests.graphql_api.permissions.markers import secrets
from tests.graphql_api.permissions.walk import (
    as_json,
    asked_below,
    check_leaks,
    expected,
    named,
    object_types,
    read,
    select,
)
from tests.graphql_api.permissions.writing import digest, watched

pytestmark = pytest.mark.django_db


def document(name: str, skipped: set[str]) -> str:
    mutation = object_types()["Mutation"].fields[name]
    payload = named(mutation)
    fields = select(payload, {}, {f"{payload}_errors", *skipped})
    if "errors" in object_types()[payload].fields:
        fields += " refusals: errors { code }"
    if not mutation.args:
        return f"mutation {{ Mutation_{name}: {name} {{ {fields} }} }}"
    kind = mutation.args["input"].type
    return f"mutation ($input: {kind}) {{ Mutation_{name}: {name}(input: $input) {{ {fields} }} }}"


def wanted(name: str, caller: Caller) -> dict[str, str]:
    """The mutation itself and what its payload shows, as the table says."""
    found = {}
    asked = asked_below("Mutation", {name})
    for kind, field in asked:
        if not (kind.endswith("Payload") and field == "errors") and kind != "UserError":
            found[f"{kind}_{field}"] = expected(caller, kind, field, asked)
    if found[f"Mutation_{name}"] != "value":
        return {key: "-" if key != f"Mutation_{name}" else outcome for key, outcome in found.items()}
    return found


class Sender:
    def __init__(self, world):
        self.inputs, self.hidden, self.known = inputs(world), secrets(), ids_of(world)
        self.everybody = [*referrers(world), *keys(world), *staff(mutation_rights())]
        self.before = digest()

    def callers(self, rule: table.Rule) -> list[Caller]:
        """Keys and staff: with everything, without what is asked for, and with nothing else."""
        of_scope = {f"key -{rule.scope}", f"key +{rule.scope}", *(f"staff -{right}" for right in rule.rights)}
        fixed = {"key all", "staff all", "staff none"}
        return [
            caller
            for caller in self.everybody
            if caller.kind not in ("key", "staff") or caller.name in fixed | of_scope
        ]

    def send(self, name: str, caller: Caller) -> tuple[dict[str, str], bool]:
        """Outcomes by ``Type_field``, and whether anything was changed. A refusal that changes something fails."""
        refused: dict[str, str] = {}
        while True:
            with watched(self.before) as done:
                response = caller.post(document(name, set(refused)), {"input": self.inputs[name]})
                assert response.status_code == 200, response.content
            text = f"{response.content.decode()} {dict(response.headers)} {response.cookies}"
            check_leaks(caller, text, self.hidden, lambda one, whole: foreign_ids(self.known, one, whole))
            values, errors = read(as_json(response))
            if not errors.keys() - refused.keys():
                break
            refused |= errors
            if f"Mutation_{name}" in errors:
                break
        outcomes = {**{key: "value" if there else "null" for key, there in values.items()}, **refused}
        payload = (as_json(response).get("data") or {}).get(f"Mutation_{name}") or {}
        if payload.get("refusals"):
            outcomes = {f"Mutation_{name}": payload["refusals"][0]["code"]}
        if outcomes[f"Mutation_{name}"] != "value":
            assert done.nothing, f"{name} was refused to {caller.name}, and yet: {done}"
        return outcomes, done.changed

    def differences(self, name: str) -> list[str]:
        wrong, changed = [], set()
        for caller in self.callers(table.mutations()[name][0]):
            outcomes, wrote = self.send(name, caller)
            changed.add(wrote)
            want = wanted(name, caller)
            wrong += [
                f"{caller.name}: {key} gave {outcomes.get(key, '-')}; the table says {outcome}"
                for key, outcome in sorted(want.items())
                if outcomes.get(key, "-") != outcome
            ]
        if (True in changed) == (name in CHANGES_NOTHING):
            wrong.append(f"{name}: CHANGES_NOTHING in inputs.py is wrong about it, or its input is")
        return wrong


@pytest.fixture
def sender(world):
    return Sender(world)


def test_every_mutation_has_its_input(sender):
    assert set(sender.inputs) == set(table.mutations()), "tests/graphql_api/permissions/inputs.py"


def test_everybody_may_do_what_the_table_says(sender):
    wrong = [line for name in table.mutations() if name in sender.inputs for line in sender.differences(name)]
    assert wrong == [], "\n".join(wrong)
    assert digest() == sender.before


def test_a_refusal_shows_which_input_and_why(world):
    caller = referrers(world)[0]
    payload = select("JoinProgramPayload", {}, set())
    asked = f"mutation ($input: JoinProgramInput!) {{ joinProgram(input: $input) {{ {payload} }} }}"
    answer = caller.post(asked, {"input": {"program": "neighbours", "email": "a@example.com"}})
    (error,) = as_json(answer)["data"]["joinProgram"]["JoinProgramPayload_errors"]
    shown = {f"UserError_{field}" for field in object_types()["UserError"].fields}
    assert {key for key, value in error.items() if value and key != "__typename"} == shown
