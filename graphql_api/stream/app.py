"""The ASGI application: streams at one address, and whatever the host gives for all others."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from django.urls import reverse

from .connection import serve
from .hub import Hub

Application = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


class StreamApplication:
    """Django's own ASGI application holds a thread for each request that it serves; here a stream that waits holds
    none. The hub begins with the first stream and ends with the process."""

    def __init__(self, rest: Application) -> None:
        self._rest = rest
        self._hub: Hub | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"] == reverse("graphql_api:stream"):
            await serve(await self._started(), scope, receive, send)
        else:
            await self._rest(scope, receive, send)

    async def _started(self) -> Hub:
        if self._hub is None:
            self._hub = Hub()
            self._hub.start()
        hub = self._hub
        for _wait in range(100):
            if hub.is_following or hub.ending.is_set():
                break
            await asyncio.sleep(0.05)
        return hub

    async def _live(self, receive: Any, send: Any) -> None:
        self._hear_the_end()
        message: Mapping[str, Any]
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        if self._hub is not None:
            self._hub.stop()
            await self._hub.emptied()
        await send({"type": "lifespan.shutdown.complete"})

    def _hear_the_end(self) -> None:
        """Servers say that the process ends once all responses are over, or kill it; streams are not over by
        themselves. So they end when the server is asked to, and nothing is left to wait for."""
        before, loop = signal.getsignal(signal.SIGTERM), asyncio.get_running_loop()
        if not callable(before) or threading.current_thread() is not threading.main_thread():
            return

        def heard(number: int, frame: Any) -> None:
            loop.call_soon_threadsafe(self._end_streams)
            before(number, frame)

        signal.signal(signal.SIGTERM, heard)
        signal.siginterrupt(signal.SIGTERM, False)  # as asyncio has it: no system call is broken off

    def _end_streams(self) -> None:
        if self._hub is not None:
            self._hub.ending.set()
