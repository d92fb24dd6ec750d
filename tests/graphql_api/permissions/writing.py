"""Whether a request has changed anything: rows of any table, the queue among them, mails, what waits for a commit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core import mail
from django.db import connection, transaction

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|MERGE|WITH)\b", re.IGNORECASE)


def digest() -> str:
    """Of every row of every table."""
    whole = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            whole.update(repr((table, sorted(map(repr, cursor.fetchall())))).encode())
    return whole.hexdigest()


@dataclass
class Watched:
    """What a request did. ``before`` is the digest of the world that it found."""

    before: str
    statements: list[str] = field(default_factory=list)
    changed: bool = False
    mails: int = 0
    waiting: int = 0

    def note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if WRITES.match(sql):
            self.statements.append(sql)
        return execute(sql, params, many, context)

    @property
    def nothing(self) -> bool:
        return not (self.changed or self.mails or self.waiting)


@contextmanager
def watched(before: str) -> Iterator[Watched]:
    """What is done inside is looked at and then undone. Tables are read only after a statement that writes."""
    found = Watched(before)
    mails = len(mail.outbox)
    with transaction.atomic():
        waiting = len(connection.run_on_commit)
        with connection.execute_wrapper(found.note):
            yield found
        found.changed = bool(found.statements) and digest() != before
        found.mails, found.waiting = len(mail.outbox) - mails, len(connection.run_on_commit) - waiting
        transaction.set_rollback(True)
    del mail.outbox[mails:]
