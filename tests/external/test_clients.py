"""Front-end developers’ tools take the schema: generated types compile strictly, and Relay’s compiler is content."""

import json
import re

import pytest

from .node import HERE, packages, run_node

pytestmark = pytest.mark.timeout(400)
SDL = HERE.parents[1] / "graphql_api" / "schema.graphql"
CODEGEN = {
    "schema": str(SDL),
    "documents": "src/*.ts",
    "generates": {
        "src/gql/": {
            "preset": "client",
            "presetConfig": {"fragmentMasking": False},
            "config": {
                "documentMode": "string", "enumsAsTypes": True, "useTypeImports": True, "importExtension": ".ts",
                "emitLegacyCommonJSImports": False, "strictScalars": True,
                "scalars": {
                    "BigInt": "number", "Date": "string", "DateTime": "string", "EmailAddress": "string",
                    "URL": "string",
                },
            },
        }
    },
}  # fmt: skip
TSCONFIG = {
    "compilerOptions": {
        "strict": True, "noUncheckedIndexedAccess": True, "exactOptionalPropertyTypes": False, "noUnusedLocals": False,
        "module": "nodenext", "target": "es2023", "lib": ["es2023", "dom"], "types": [], "noEmit": True,
        "allowImportingTsExtensions": True, "erasableSyntaxOnly": True,
    },
    "include": ["src"],
}  # fmt: skip


def generated(folder, source: str):
    """The sample with its generated types, in a folder of its own."""
    (folder / "src").mkdir()
    (folder / "src" / "everything.ts").write_text(source)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    (folder / "codegen.json").write_text(json.dumps(CODEGEN))
    (folder / "node_modules").symlink_to(packages())
    cli = packages() / "@graphql-codegen" / "cli" / "esm" / "bin.js"
    done = run_node(cli, "--config", str(folder / "codegen.json"), cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def compiled(folder):
    return run_node(packages() / "typescript" / "bin" / "tsc", cwd=folder)


def test_generated_types_of_every_kind_of_operation_compile_strictly(tmp_path):
    done = compiled(generated(tmp_path, (HERE / "codegen" / "everything.ts").read_text()))
    assert (done.returncode, done.stdout) == (0, "")
    types = (tmp_path / "src" / "gql" / "graphql.ts").read_text()
    assert not re.search(r"\bany\b(?! \| undefined;|>)", types), "a scalar without a type"


def test_a_mistake_in_the_sample_would_not_compile(tmp_path):
    source = (HERE / "codegen" / "everything.ts").read_text().replace("viewer?.program;", "viewer?.link;")
    done = compiled(generated(tmp_path, source))
    assert done.returncode != 0
    assert "TS2578" in done.stdout  # an error that was expected and is none


def test_relays_compiler_takes_the_lists_and_the_ids(tmp_path):
    source = tmp_path / "src"
    source.mkdir()
    (source / "lists.js").write_text((HERE / "relay" / "lists.js").read_text())
    settings = {
        "src": "src", "schema": "schema.graphql", "language": "javascript", "eagerEsModules": True,
        "featureFlags": {"enforce_fragment_alias_where_ambiguous": {"kind": "disabled"}},
    }  # fmt: skip
    (tmp_path / "relay.config.json").write_text(json.dumps(settings))
    (tmp_path / "schema.graphql").write_text(SDL.read_text())
    done = run_node(packages() / "relay-compiler" / "cli.js", "relay.config.json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {file.name for file in (source / "__generated__").iterdir()}
    assert "listsPagesPaginationQuery.graphql.js" in made, made
    # To get the next page of an object's list, Relay asks for the object by its id.
    for name in ("listsImportRowsQuery", "listsFriendsPaginationQuery"):
        assert "node(id: $id)" in (source / "__generated__" / f"{name}.graphql.js").read_text()
