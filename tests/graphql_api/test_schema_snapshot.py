from pathlib import Path

from django.core.management import call_command

import graphql_api

COMMITTED = Path(graphql_api.__file__).with_name("schema.graphql")


def test_the_committed_schema_is_the_one_that_is_served(tmp_path):
    exported = tmp_path / "schema.graphql"
    call_command("export_schema", "graphql_api.schema:schema", path=str(exported))
    assert exported.read_text() == COMMITTED.read_text(), "Run `make schema` and commit graphql_api/schema.graphql."
