"""Asks one server for several things in turn, over one connection, and says how long each answer took.

Run as `python -m tests.benchmarks.latency`, with JSON on its standard input: the port, how many times, and by name a
path, a bearer and a body. Prints the milliseconds by name, as JSON; fails on an answer that is not 200.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Any, BinaryIO


def message(path: str, bearer: str, body: dict[str, Any]) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\nAuthorization: Bearer {bearer}\r\n"
        f"Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def ask(connection: socket.socket, answers: BinaryIO, sent: bytes) -> float:
    """Milliseconds until the last byte of the answer."""
    start = time.perf_counter()
    connection.sendall(sent)
    line = answers.readline()
    length = 0
    while (header := answers.readline()) not in (b"\r\n", b""):
        if header.lower().startswith(b"content-length:"):
            length = int(header.split(b":")[1])
    answer = answers.read(length)
    took = (time.perf_counter() - start) * 1_000
    if line.split()[1] != b"200" or b'"errors"' in answer:
        raise SystemExit(f"{line.decode().strip()}: {answer[:500].decode()}")
    return took


def main(port: int, times: int, requests: dict[str, tuple[str, str, dict[str, Any]]]) -> dict[str, list[float]]:
    sent = {name: message(*request) for name, request in requests.items()}
    took: dict[str, list[float]] = {name: [] for name in sent}
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        names = list(sent)
        for turn in range(times):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                took[name].append(ask(connection, answers, sent[name]))
    return took


if __name__ == "__main__":
    print(json.dumps(main(**json.load(sys.stdin))))
