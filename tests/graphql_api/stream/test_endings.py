"""How a stream ends when the process does, and what it does while the database is away."""

import asyncio
import os
import signal

import pytest
from django.db import OperationalError

from graphql_api.activity.live import Topic
from graphql_api.stream import asking, connection
from graphql_api.stream.app import StreamApplication
from graphql_api.stream.asking import Answer, Opened
from graphql_api.stream.connection import serve
from graphql_api.stream.frames import COMPLETE, KEEP_ALIVE, retry_after
from graphql_api.stream.hub import Hub
from referral_blocks.activity.cursor import Cursor
from referral_blocks.activity.follow import News

SCOPE = {"type": "http", "method": "POST", "path": "/graphql/stream", "headers": []}
TOPIC = Topic(1, None, same_for_all=True, check=lambda _context: None)
FIRST, BEHIND = Answer(b"first", TOPIC), Answer(b"behind", TOPIC)


def away(*_given, **_named):
    raise OperationalError("the server closed the connection")


class Asked:
    """Whatever is asked, there is nothing new."""

    key = ("a question",)

    def answer(self, **given):
        return Answer(b"", TOPIC, is_empty=True) if "after" in given else BEHIND

    def refusal(self, _topic):
        return None


@pytest.fixture(autouse=True)
def opened(monkeypatch):
    found = Opened(Asked(), FIRST, "key:1", {})
    monkeypatch.setattr(asking, "open_stream", lambda _scope, _body: found)
    return found


def choose(settings, **seconds):
    settings.REFERRAL_BLOCKS = {
        **settings.REFERRAL_BLOCKS, **{f"API_STREAM_{name}_SECONDS": value for name, value in seconds.items()},
    }  # fmt: skip


def tell(meanwhile=None, *, until=0):
    """All messages of one stream; ``meanwhile`` is called with the hub once it has begun and sent so many."""
    sent = []

    async def receive():
        if not sent:
            return {"type": "http.request", "body": b"{}"}
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    async def story():
        hub = Hub()
        hub._follower.ready.set()
        stream = asyncio.create_task(serve(hub, SCOPE, receive, send))
        if meanwhile is not None:
            async with asyncio.timeout(5):
                while not hub._streams or len(sent) < until:
                    await asyncio.sleep(0.01)
            meanwhile(hub)
        async with asyncio.timeout(5):
            await stream
        hub.stop()

    asyncio.run(story())
    return sent


def test_a_caller_who_cannot_be_looked_at_keeps_a_stream_on_which_nothing_is_told(settings, monkeypatch):
    choose(settings, ALIVE=0.02, CHECK=0.02, MAX=0.2)
    monkeypatch.setattr(Asked, "refusal", away)
    start, first, *alive, last = tell()
    assert (start["status"], first["body"]) == (200, retry_after(connection.WAIT) + b"first")
    assert alive and {message["body"] for message in alive} == {KEEP_ALIVE}
    assert last == connection.LAST


def test_news_that_cannot_be_read_end_the_stream_and_its_client_connects_again(monkeypatch):
    def news(hub):
        monkeypatch.setattr(Asked, "answer", away)
        stream = next(iter(hub._streams["program", 1]))
        stream.tell(connection.Told(News([], Cursor(0, 1, 1))))

    _start, first, last = tell(news)
    assert first["body"].endswith(b"first") and COMPLETE not in first["body"]
    assert last == connection.LAST


def test_nobody_is_told_news_before_they_could_be_looked_at(settings, monkeypatch):
    choose(settings, ALIVE=0.02, CHECK=0.02)
    monkeypatch.setattr(Asked, "refusal", away)

    def news(hub):
        told = connection.Told(News([], Cursor(0, 1, 1)))
        told.answers[Asked.key] = asyncio.get_running_loop().create_future()
        told.answers[Asked.key].set_result(Answer(b"of another caller", TOPIC))
        next(iter(hub._streams["program", 1])).tell(told)

    sent = tell(news, until=3)  # the third was a sign of life: who asks could not be looked at
    assert b"of another caller" not in b"".join(message.get("body", b"") for message in sent)
    assert sent[-1] == connection.LAST


def test_a_stream_that_cannot_begin_without_the_database_is_refused_for_now(monkeypatch):
    monkeypatch.setattr(asking, "open_stream", away)
    start, body = tell()
    assert (start["status"], dict(start["headers"])[b"retry-after"]) == (503, b"30")
    assert b'"code": "STREAM_ENDED"' in body["body"]


def test_the_end_of_the_process_is_a_whole_response_without_complete():
    _start, first, last = tell(lambda hub: hub.ending.set())
    assert COMPLETE not in first["body"]
    assert last == connection.LAST


def test_a_stream_that_comes_when_the_process_ends_is_told_to_come_again(monkeypatch, opened):
    place = Hub.place

    def ending(hub):
        hub.loop.call_soon(hub.ending.set)  # while the request is being read
        return place(hub)

    monkeypatch.setattr(Hub, "place", ending)
    start, body = tell()
    assert (start["status"], dict(start["headers"])[b"content-type"]) == (200, b"text/event-stream; charset=utf-8")
    assert body["body"] == retry_after(connection.WAIT)


def test_streams_end_when_the_server_is_told_to_and_the_server_hears_it_as_before():
    heard, sent = [], []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))

    async def story():
        application = StreamApplication(away)
        application._hub = Hub()
        said = asyncio.Queue()
        said.put_nowait({"type": "lifespan.startup"})

        async def send(message):
            sent.append(message["type"])

        living = asyncio.create_task(application({"type": "lifespan"}, said.get, send))
        async with asyncio.timeout(5):
            while not sent:
                await asyncio.sleep(0.01)
            os.kill(os.getpid(), signal.SIGTERM)
            await application._hub.ending.wait()
            said.put_nowait({"type": "lifespan.shutdown"})
            await living

    try:
        asyncio.run(story())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
