"""Says in a header of each answer which tables the request has changed for good: nothing is guessed from the answer.

The statements of the request say where, those that were not rolled back. On SQLite a second connection of our own
watches the file besides: data_version moves when, and only when, another connection has committed something, so that a
write in words that we do not know is told as "?".
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

HEADER = "X-Written"
WRITES = re.compile(r'^\s*(?:(INSERT)(?:\s+OR\s+\w+)?\s+INTO|UPDATE|DELETE\s+FROM)\s+"(\w+)"', re.IGNORECASE)


class ToldWrites:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.watching = None
        if connection.vendor == "sqlite":
            self.watching = sqlite3.connect(connection.settings_dict["NAME"], check_same_thread=False)
        self.one_at_a_time = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tables: set[str] = set()

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            done = execute(sql, params, many, context)
            found = WRITES.match(sql)
            if found and (found.group(1) or context["cursor"].rowcount):  # an INSERT has no count before it is read
                table = found.group(2)
                transaction.on_commit(lambda: tables.add(table))
            return done

        with self.one_at_a_time:
            before = self._version()
            with connection.execute_wrapper(note):
                response = self.get_response(request)
            if not tables and self._version() != before:
                tables.add("?")
        response[HEADER] = ",".join(sorted(tables))
        return response

    def _version(self) -> int:
        return int(self.watching.execute("PRAGMA data_version").fetchone()[0]) if self.watching else 0
