"""HTTP on the loopback: a thread a connection, connections kept alive, no log."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .base import Sandbox
from .control import controlled
from .wire import Answer, Request


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        answer = self.server.answer(request)
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        interim = 100 < answer.status < 200
        if interim:
            self.close_connection = True
        self.wfile.write(self._head(answer, interim) + (b"" if self.command == "HEAD" else answer.body))

    do_GET = do_HEAD = do_POST = do_DELETE = _serve

    def _head(self, answer: Answer, closing: bool) -> bytes:
        reason = HTTPStatus(answer.status).phrase
        lines = [
            f"HTTP/1.1 {answer.status} {reason}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        if closing:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Nothing is logged: links in the paths are worth money."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int, answer: Callable[[Request], Answer | None]) -> None:
        self.answer = answer
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is its own affair; anything else shows."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def drop_connections(self) -> None:
        """Clients that keep a connection alive notice that nobody is here any more."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Running:
    """A stand-in that listens on the loopback; ``port`` 0 takes a free one."""

    def __init__(self, sandbox: Sandbox, *, port: int = 0) -> None:
        sandbox.load()
        self.sandbox = sandbox
        self._server = _Server(port, controlled(sandbox))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        sandbox.base_url = self.url
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name=f"sandbox-{sandbox.name}",
            daemon=True,
        )

    def start(self) -> Running:
        self._thread.start()
        return self

    def wait(self) -> None:
        """Until somebody stops it."""
        self._thread.join()

    def stop(self) -> None:
        """Listen no more, drop every connection, let go of the books."""
        self._server.shutdown()
        self._server.server_close()
        self._server.drop_connections()
        self.sandbox.webhooks.close()
        self.sandbox.journal.close()
