"""GraphQL over HTTP by the audits of the specification's own project (npm's graphql-http)."""

import json
from collections import Counter

import pytest

from .node import HERE, packages, run_node

pytestmark = pytest.mark.timeout(400)


def test_every_must_and_every_should_of_graphql_over_http_holds(api):
    packages()
    done = run_node(HERE / "audit_http.mjs", api.url)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    for result in results:
        print(result["id"], result["status"], result["name"])
    rules = [result["name"].split()[0] for result in results]
    assert (rules.count("MUST"), rules.count("SHOULD")) == (13, 23), Counter(rules)
    assert [result for result in results if result["status"] != "ok"] == []
