"""One stream from its request to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

from django.db import Error as DatabaseGone
from django.http import HttpResponse
from django.utils.translation import gettext as _

from graphql_api.errors import ErrorCode
from graphql_api.operation import MAX_BODY, RequestRefused
from referral_blocks.core.conf import get_conf

from . import asking
from .asking import Answer, Asking, Opened
from .frames import COMPLETE, HEADERS, KEEP_ALIVE, refusal_event, retry_after
from .hub import END, Hub, Stream, Told

WAIT = 2_000  # milliseconds until a browser connects again
PATIENCE = 30.0  # seconds for a reader to take something
LAST = {"type": "http.response.body", "body": b""}


class Gone(Exception):
    """The client is no longer there, or was too slow to send its request."""


async def serve(hub: Hub, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    """Answer one request for a stream; returns when it is over."""
    conf = get_conf()
    if hub.ending.is_set():
        await _come_again(send)
        return
    with hub.place() as has_room:
        if not has_room:
            why = _too_many(503, _("There are too many streams now. Ask from time to time instead."))
            await respond(send, await hub.ask(asking.refused, scope, why))
            return
        if not hub.is_following:
            # What is committed before the feed is followed would be told to nobody: better no stream than a gap.
            await respond(send, await hub.ask(asking.refused, scope, _not_now()))
            return
        try:
            async with asyncio.timeout(conf.API_STREAM_BEGIN_SECONDS):
                body = await _body(receive)
                opened = await hub.ask(asking.open_stream, scope, body)
        except (TimeoutError, Gone):
            return
        except DatabaseGone:
            opened = await hub.ask(asking.refused, scope, _not_now())
        if isinstance(opened, HttpResponse):
            await respond(send, opened)
            return
        await _stream(hub, opened, scope, receive, send)


async def _stream(hub: Hub, opened: Opened, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    with hub.place_of(opened.caller) as admitted:
        if hub.ending.is_set():
            await _come_again(send)
        elif not admitted:
            why = _too_many(429, _("You have too many streams open. Close some first."))
            await respond(send, await hub.ask(asking.refused, scope, why))
        else:
            await _until_gone(hub, receive, _send_all(hub, opened, send))
            if hub.ending.is_set():
                await _end(send)


async def respond(send: Any, response: HttpResponse) -> None:
    """A whole response of Django's."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.content)).encode()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})


async def _until_gone(hub: Hub, receive: Any, work: Any) -> None:
    """Run ``work`` until it is done, the client hangs up, or the process ends."""
    working = asyncio.ensure_future(work)
    others = [asyncio.ensure_future(_hung_up(receive)), asyncio.ensure_future(hub.ending.wait())]
    try:
        await asyncio.wait([working, *others], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, *others):
            task.cancel()
        with suppress(asyncio.CancelledError, OSError, TimeoutError):
            await working


async def _come_again(send: Any) -> None:
    """A stream that is over at once: with any other answer a browser would not connect again, to the next process."""
    head = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": retry_after(WAIT)})


async def _end(send: Any) -> None:
    """The end of a stream that the end of the process cuts short: a whole response, and no broken one."""
    with suppress(OSError, RuntimeError, TimeoutError):
        async with asyncio.timeout(END):
            await send(LAST)


async def _hung_up(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_all(hub: Hub, opened: Opened, send: Any) -> None:
    headers = {**HEADERS, **opened.headers}
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    async for frame in _frames(hub, opened):
        # Waits for a slow reader, whose news pile up meanwhile and are bounded: see Stream.tell. One that takes nothing
        # at all is given up.
        async with asyncio.timeout(PATIENCE):
            await send({"type": "http.response.body", "body": frame, "more_body": True})
    await send(LAST)


async def _frames(hub: Hub, opened: Opened) -> AsyncIterator[bytes]:
    """The answers of one stream. One that ends with ``complete`` is over; without, its client connects again."""
    yield retry_after(WAIT) + _whole(opened.first)
    if opened.first.topic is None:
        return
    with hub.following(opened.first.topic) as stream:
        try:
            async for answer in _caught_up(hub, opened):
                yield _whole(answer)
                if answer.topic is None:
                    return
            async for frame in _news(hub, opened.asking, stream):
                yield frame
        except RequestRefused as refused:
            yield refusal_event(refused) + COMPLETE
        except DatabaseGone:
            return  # the follower of the feed says so in the log, once for all streams


def _whole(answer: Answer) -> bytes:
    """The answer, and where it is the last and asking again is of no use, that it was the last."""
    return answer.frame if answer.topic is not None or answer.may_help else answer.frame + COMPLETE


async def _caught_up(hub: Hub, opened: Opened) -> AsyncIterator[Answer]:
    """What was behind the first answer, and what came between it and the moment from which news are told."""
    last, more = opened.first, True
    while more:
        last = await hub.ask(opened.asking.answer, after=last.cursor)
        more = last.has_more
        if not last.is_empty or last.topic is None:
            yield last


async def _news(hub: Hub, asked: Asking, stream: Stream) -> AsyncIterator[bytes]:
    conf, clock = get_conf(), asyncio.get_running_loop().time
    check_at, end_at = clock() + conf.API_STREAM_CHECK_SECONDS, clock() + conf.API_STREAM_MAX_SECONDS
    sure = True  # that the caller may follow
    while clock() < end_at:
        pause = min(conf.API_STREAM_ALIVE_SECONDS, max(0.0, check_at - clock()), max(0.0, end_at - clock()))
        told: Told | None = None
        news = False
        with suppress(TimeoutError):
            told = await asyncio.wait_for(stream.waiting.get(), pause)
            news = True
        if clock() >= check_at or not sure:
            check_at = clock() + conf.API_STREAM_CHECK_SECONDS
            try:
                refusal, sure = await hub.ask(asked.refusal, stream.topic), True
            except DatabaseGone:
                if told is not None:
                    raise  # nothing is told to somebody who was not looked at
                refusal, sure = None, False
            if refusal is not None:
                yield refusal
                yield COMPLETE
                return
        if told is not None:
            answer = await _answer(hub, asked, stream, told)
            yield _whole(answer)
            if answer.topic is None:
                return
        elif news:  # None was told: it is too far behind, and may connect again to catch up
            yield _ended()
            return
        else:
            yield KEEP_ALIVE


async def _answer(hub: Hub, asked: Asking, stream: Stream, told: Told) -> Answer:
    """What this stream is told; worked out once for all that ask the same, where it depends on no caller."""
    if not stream.topic.same_for_all:
        return await hub.ask(asked.answer, news=told.news)
    shared = told.answers.get(asked.key)
    if shared is None:
        shared = told.answers[asked.key] = asyncio.ensure_future(hub.ask(asked.answer, news=told.news))
        shared.add_done_callback(_seen)
    try:
        answer = await asyncio.shield(shared)
    except RequestRefused:
        answer = None
    # Whoever asked first may not ask any more: that is theirs alone.
    return answer if answer is not None and answer.topic is not None else await hub.ask(asked.answer, news=told.news)


def _seen(shared: asyncio.Future[Any]) -> None:
    """Take note of its error: where all who waited for it have gone, nobody else does, and the loop would complain."""
    if not shared.cancelled():
        shared.exception()


async def _body(receive: Any) -> bytes:
    """The body of the request, or as much of a larger one as shows that it is too large."""
    body = b""
    while len(body) <= MAX_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


def _too_many(status: int, message: str) -> RequestRefused:
    return RequestRefused(status, message, code=ErrorCode.TOO_MANY_STREAMS, headers={"Retry-After": "30"})


def _not_now() -> RequestRefused:
    message = _("There is no news to follow now. Ask from time to time instead.")
    return RequestRefused(503, message, code=ErrorCode.STREAM_ENDED, headers={"Retry-After": "30"})


def _ended() -> bytes:
    message = _("You read too slowly to be kept up to date. Connect again with the last cursor.")
    return refusal_event(RequestRefused(429, message, code=ErrorCode.STREAM_ENDED))
