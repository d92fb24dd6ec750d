"""The stream process as it runs in production, on the test's database, and a small client that reads from it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

from tests.processes import ROOT, free_port, wait_for

PATH = "/graphql/stream"


@dataclass
class Server:
    port: int
    process: subprocess.Popen[bytes]

    @property
    def workers(self) -> list[int]:
        """The processes that serve, below the one that watches them."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def memory(self) -> int:
        """Bytes that the serving process holds."""
        (worker,) = self.workers
        pages = int(Path(f"/proc/{worker}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def database_url() -> str:
    """Where another process finds the database of the present test."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    return os.environ["DATABASE_URL"].replace("/postgres?", f"/{settings['NAME']}?")


@contextmanager
def serving(log: Path, **settings: Any) -> Iterator[Server]:
    """The process, ready, with these REFERRAL_BLOCKS settings; ended with the block."""
    port = free_port()
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.graphql_api.stream.settings",
        "DATABASE_URL": database_url(),
        "STREAM_SETTINGS": json.dumps(settings),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "gunicorn", "cms.asgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "asgi", "--workers", "1", "--no-control-socket", "--graceful-timeout", "2"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT)
        try:
            wait_for(lambda: _answers(port), seconds=30, why="the stream process did not start")
            yield Server(port, process)
        finally:
            process.terminate()
            process.wait(20)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Event:
    name: str
    data: dict | None
    id: str


@dataclass
class Reader:
    """One connection. ``status`` and ``headers`` are there once it is open."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int
    headers: dict[str, str]
    _text: str = ""
    comments: list[str] = field(default_factory=list)

    async def next(self, seconds: float = 10) -> Event | None:
        """The next event; None when the stream is over."""
        async with asyncio.timeout(seconds):
            while True:
                while "\n\n" in self._text:
                    block, self._text = self._text.split("\n\n", 1)
                    if (event := self._event(block)) is not None:
                        return event
                chunk = await self._chunk()
                if chunk is None:
                    return None
                self._text += chunk

    async def rest(self, seconds: float = 10) -> list[Event]:
        """All events to the end of the stream."""
        events = []
        async with asyncio.timeout(seconds):
            while (event := await self.next(seconds)) is not None:
                events.append(event)
        return events

    async def body(self) -> Any:
        """The JSON of a response that is no stream."""
        raw = await self.reader.read()
        return json.loads(raw[raw.index(b"{") : raw.rindex(b"}") + 1])

    def close(self) -> None:
        self.writer.transport.abort()

    def _event(self, block: str) -> Event | None:
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _colon, value = line.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            else:
                self.comments.append(value)
        if "event" not in fields:
            return None
        text = fields.get("data", "")
        return Event(fields["event"], json.loads(text) if text else None, fields.get("id", ""))

    async def _chunk(self) -> str | None:
        try:
            size = int((await self.reader.readline()).strip() or b"0", 16)
        except ConnectionError:
            return None
        if not size:
            return None
        return (await self.reader.readexactly(size + 2))[:-2].decode()


async def connect(
    port: int, query: str, variables: dict | None = None, *, bearer: str = "", method: str = "POST", **headers: str
) -> Reader:
    """Ask for a stream; the response's head is read."""
    given = {"Host": "localhost", "Accept": "text/event-stream", **{k.replace("_", "-"): v for k, v in headers.items()}}
    if bearer:
        given["Authorization"] = f"Bearer {bearer}"
    body, path = b"", PATH
    if method == "POST":
        body = json.dumps({"query": query, "variables": variables}).encode()
        given |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    elif query:
        path += f"?query={quote(query)}&variables={quote(json.dumps(variables or {}))}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
    await writer.drain()
    lines = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode().split("\r\n")
    found = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    return Reader(reader, writer, int(lines[0].split()[1]), found)
