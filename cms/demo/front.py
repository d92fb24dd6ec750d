"""What a proxy does in production: one address for the process that serves pages and the one that serves streams.

For one machine only: it reads the head of a request, asks for the connection to be closed after the answer, and then
passes bytes on as they come, so that streams are not held back.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from contextlib import suppress

HOST = "127.0.0.1"
STREAMS = b"/graphql/stream"
MAX_HEAD = 64 * 1024
HEAD_SECONDS = 60.0
CONNECTION = re.compile(rb"\r\n(?:connection|keep-alive):[^\r\n]*", re.IGNORECASE)


async def serve(port: int, *, web: int, stream: int) -> None:
    """Listen on ``port`` until cancelled."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await _pass_on(reader, writer, web=web, stream=stream)
        writer.close()

    server = await asyncio.start_server(one, HOST, port, limit=MAX_HEAD)
    async with server:
        await server.serve_forever()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, web: int, stream: int) -> None:
    async with asyncio.timeout(HEAD_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
    target = head.split(b" ", 2)[1:2]
    path = target[0].partition(b"?")[0] if target else b""
    behind, to_behind = await asyncio.open_connection(HOST, stream if path == STREAMS else web)
    try:
        to_behind.write(CONNECTION.sub(b"", head[:-4]) + b"\r\nConnection: close\r\n\r\n")
        sending = asyncio.create_task(_copy(reader, to_behind))
        answering = asyncio.create_task(_copy(behind, writer))
        # A client that hangs up ends a stream; one that has sent all it has to say still waits for the answer.
        done, _open = await asyncio.wait({sending, answering}, return_when=asyncio.FIRST_COMPLETED)
        if answering not in done and path != STREAMS:
            await answering
        for task in (sending, answering):
            task.cancel()
    finally:
        to_behind.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(MAX_HEAD):
            writer.write(chunk)
            await writer.drain()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "web", "stream"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, web=given.web, stream=given.stream))


if __name__ == "__main__":
    main()
