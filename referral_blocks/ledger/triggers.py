"""The database itself refuses to change the ledger: triggers for a migration, on PostgreSQL and on SQLite.

PostgreSQL refuses UPDATE and DELETE of every row. TRUNCATE stays with the tables' owner: a test run empties its tables
with it, and no statement of the application uses it. SQLite empties tables with DELETE and knows no session settings,
so that there UPDATE is refused, and DELETE is left to the models (which refuse it), to the foreign key from lines to
entries, and to the nightly check.

SQLite drops the triggers of a table that a later migration alters: such a migration ends with ``install`` once more.
"""

from __future__ import annotations

from typing import Any

from .models import LedgerEntry, LedgerLine

TABLES = (LedgerEntry._meta.db_table, LedgerLine._meta.db_table)
MESSAGE = "the ledger is append-only: correct it with a reversing entry"
FUNCTION = "rb_ledger_refuse_change"


def install(apps: Any, schema_editor: Any) -> None:
    """For ``RunPython(install, remove)``; running it again changes nothing."""
    remove(apps, schema_editor)
    for statement in _create(schema_editor.connection.vendor):
        _run(schema_editor, statement)


def remove(apps: Any, schema_editor: Any) -> None:
    """The way back."""
    vendor = schema_editor.connection.vendor
    for table in TABLES:
        on = f" ON {table}" if vendor == "postgresql" else ""
        _run(schema_editor, f"DROP TRIGGER IF EXISTS {table}_append_only{on}")
    if vendor == "postgresql":
        _run(schema_editor, f"DROP FUNCTION IF EXISTS {FUNCTION}()")


def installed(connection: Any) -> bool:
    """Whether both tables are guarded."""
    names = [f"{table}_append_only" for table in TABLES]
    catalog = {"postgresql": ("pg_trigger", "tgname"), "sqlite": ("sqlite_master", "name")}.get(connection.vendor)
    if catalog is None:
        return False
    with connection.cursor() as cursor:
        table, column = catalog
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} IN (%s, %s)", names)  # noqa: S608 - constants
        return cursor.fetchone()[0] == len(names)


def _create(vendor: str) -> list[str]:
    if vendor == "postgresql":
        body = f"BEGIN RAISE EXCEPTION '{MESSAGE}'; END"
        function = f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"
        each = f"FOR EACH ROW EXECUTE FUNCTION {FUNCTION}()"
        return [function] + [f"CREATE TRIGGER {t}_append_only BEFORE UPDATE OR DELETE ON {t} {each}" for t in TABLES]
    if vendor == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        return [f"CREATE TRIGGER {t}_append_only BEFORE UPDATE ON {t} {refuse}" for t in TABLES]
    return []


def _run(schema_editor: Any, statement: str) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(statement)
