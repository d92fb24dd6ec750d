"""A small HTTP cache in front of a running server, as a content delivery network would be one."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Cache:
    """What it keeps, by path and, where it honours ``Vary``, by the visitor's cookies; ``stored`` for tests to see."""

    def __init__(self, origin: str, *, honours_vary: bool) -> None:
        self.origin, self.honours_vary = origin, honours_vary
        self.stored: dict[tuple[str, str], tuple[float, int, list[tuple[str, str]], bytes]] = {}

    def key(self, path: str, cookies: str) -> tuple[str, str]:
        return path, cookies if self.honours_vary else ""

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes, str]:
        key = self.key(path, headers.get("Cookie", ""))
        until, status, kept, body = self.stored.get(key, (0.0, 0, [], b""))
        if until > time.monotonic():
            return status, kept, body, "hit"
        status, kept, body = self.ask("GET", path, headers)
        control = " ".join(value for name, value in kept if name.lower() == "cache-control")
        seconds = re.search(r"s-maxage=(\d+)", control) or re.search(r"max-age=(\d+)", control)
        if status == 200 and "public" in control and seconds and int(seconds[1]):
            self.stored[key] = (time.monotonic() + int(seconds[1]), status, kept, body)
        return status, kept, body, "miss"

    def ask(self, method: str, path: str, headers: dict[str, str], sent: bytes = b"") -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.origin).netloc, timeout=20)
        connection.request(method, path, body=sent or None, headers=headers)
        response = connection.getresponse()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP]
        body = response.read()
        connection.close()
        return response.status, kept, body


@contextmanager
def caching_proxy(origin: str, *, honours_vary: bool) -> Iterator[tuple[str, Cache]]:
    """A running proxy on the loopback interface: its address and its cache."""
    cache = Cache(origin, honours_vary=honours_vary)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(*cache.answer(self.path, dict(self.headers)))

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._reply(*cache.ask("POST", self.path, dict(self.headers), sent), "pass")

        def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes, how: str) -> None:
            self.send_response(status)
            for name, value in [*headers, ("X-Cache", how), ("Content-Length", str(len(body)))]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = threading.Thread(target=server.serve_forever, daemon=True)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", cache
    finally:
        server.shutdown()
        server.server_close()
        running.join()
