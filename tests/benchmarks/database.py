"""The test database, as another process reaches it."""

from __future__ import annotations

import os

from django.db import connection


def database_url() -> str:
    """A DATABASE_URL for the database that this test uses."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return os.environ["DATABASE_URL"].replace("/postgres?", f"/{name}?")
