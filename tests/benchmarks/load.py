"""A load generator in a process of its own: keep-alive connections, a fixed number of requests, each of them counted.

Run as `python -m tests.benchmarks.load PORT PATH CONNECTIONS REQUESTS STATUS`; prints the requests a second. Sockets
and no HTTP library: on a small machine the client shares the server's processors, and should take little of them.
"""

from __future__ import annotations

import random
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"
PER_VISITOR = 20  # requests from one address, well below what counts as a flood


def requests(port: int, path: str, count: int, status: int) -> None:
    """Send ``count`` requests over one connection; fails on the first answer that is not ``status``."""
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(count):
            if number % PER_VISITOR == 0:
                address = ".".join(str(random.randrange(1, 255)) for _ in range(4))
            head = (
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {AGENT}\r\nX-Forwarded-For: {address}\r\n"
                "X-Forwarded-Proto: https\r\nAccept: text/html\r\n\r\n"
            )
            connection.sendall(head.encode())
            line = answers.readline()
            length = 0
            while (header := answers.readline()) not in (b"\r\n", b""):
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            answers.read(length)
            if int(line.split()[1]) != status:
                raise SystemExit(f"{path} answered {line.decode().strip()}")


def main(port: int, path: str, connections: int, count: int, status: int) -> float:
    """Requests a second over ``connections`` connections with ``count`` requests in all."""
    start = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(lambda _n: requests(port, path, count // connections, status), range(connections)))
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    print(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])))
