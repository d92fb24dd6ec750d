"""A receiver of webhooks on a loopback address: it verifies as a customer's server would, and misbehaves when asked."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Receiver:
    """What came; ``plan`` says what is answered next, else 204: a status, or "hang", "drop", "drip" and so on."""

    port: int
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    plan: list[Any] = field(default_factory=list)
    location: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?a=b"

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _body in self.came]

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """The bodies; fails unless each is signed with this secret, as the library of receivers checks it."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.came]

    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for _headers, body in self.came]


@contextmanager
def running(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            answer = receiver.plan.pop(0) if receiver.plan else 204
            if isinstance(answer, int):
                self.send_response(answer)
                if 300 <= answer < 400:
                    self.send_header("Location", receiver.location)
                self.end_headers()
                if answer >= 400:
                    self.wfile.write(b"No:\x00 <b>not</b> now\n" + b"x" * 5_000_000)
            else:
                getattr(self, answer)()

        def hang(self) -> None:
            receiver.over.wait(20)

        def drop(self) -> None:
            self.connection.shutdown(socket.SHUT_RDWR)

        def drip(self) -> None:
            for _number in range(200):
                if receiver.over.is_set():
                    break
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: "[:1] if _number else b"HTTP/1.1 200 OK\r\nX: ")
                self.wfile.flush()
                time.sleep(0.1)

        def nonsense(self) -> None:
            self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")

        def log_message(self, *args: object) -> None:
            pass

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return  # the sender has cut it off

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *args: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver = Receiver(server.server_port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
