"""What stands before every other operation stands before a stream, too."""

import asyncio
import json

import pytest
from django.http import HttpResponse

from graphql_api.activity.live import Topic
from graphql_api.persisted import sha256
from graphql_api.stream.asking import Opened, open_stream
from graphql_api.stream.connection import serve
from graphql_api.stream.hub import Hub, Stream, Told
from referral_blocks.access.services import create_api_key
from referral_blocks.activity.cursor import Cursor
from referral_blocks.activity.follow import News
from referral_blocks.activity.models import Activity
from tests.make import make_program

pytestmark = pytest.mark.django_db
FOLLOW = 'subscription { programActivity(program: "neighbours") { cursor } }'


@pytest.fixture
def key():
    return create_api_key(site_id=make_program().site_id, name="Board", scopes=["activity:read"])[1]


def ask(key, body, host=b"localhost"):
    text = json.dumps(body).encode()
    headers = {
        b"host": host, b"accept": b"text/event-stream", b"content-type": b"application/json",
        b"content-length": str(len(text)).encode(), b"authorization": f"Bearer {key}".encode(),
    }  # fmt: skip
    scope = {
        "type": "http", "method": "POST", "path": "/graphql/stream", "query_string": b"", "scheme": "http",
        "headers": list(headers.items()), "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    return open_stream(scope, text)


def code(response: HttpResponse) -> str:
    return json.loads(response.content)["errors"][0]["extensions"]["code"]


def test_a_stream_begins_with_the_present_cursor(key):
    opened = ask(key, {"query": FOLLOW})
    assert isinstance(opened, Opened)
    assert opened.first.frame.startswith(b"event: next\nid: ")
    assert opened.first.topic.same_for_all


def test_only_trusted_documents_are_streamed_where_only_they_count(key, settings, tmp_path):
    (tmp_path / "follow.graphql").write_text(FOLLOW)
    given = {"API_TRUSTED_DOCUMENTS": str(tmp_path), "API_TRUSTED_ONLY": True}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, **given}
    refused = ask(key, {"query": FOLLOW.replace("cursor", "hasMore")})
    assert (refused.status_code, code(refused)) == (403, "UNTRUSTED_DOCUMENT")
    assert isinstance(ask(key, {"documentId": "follow"}), Opened)


def test_an_unknown_hash_is_asked_for_and_then_known(key):
    hashed = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(FOLLOW)}}}
    unknown = ask(key, hashed).first
    assert (b'"code":"PERSISTED_QUERY_NOT_FOUND"' in unknown.frame, unknown.topic) == (True, None)
    assert isinstance(ask(key, {"query": FOLLOW, **hashed}), Opened)
    assert ask(key, hashed).first.topic is not None


def test_a_stream_costs_and_what_is_spent_is_spent(key, settings):
    given = {"RATE_LIMITS_ENABLED": True, "API_RATE_KEY": "8/minute"}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, **given}
    opened = ask(key, {"query": FOLLOW})
    assert opened.headers["RateLimit"].startswith('"cost";r=')
    refused = [ask(key, {"query": FOLLOW}) for _ in range(6)][-1]
    assert (refused.status_code, code(refused)) == (429, "RATE_LIMITED")


def test_an_operation_that_is_too_dear_is_no_stream(key, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_MAX_COST": 2}
    refused = ask(key, {"query": FOLLOW.replace("cursor", "cursor hasMore activities { id }")}).first
    assert (b'"code":"TOO_COMPLEX"' in refused.frame, refused.topic) == (True, None)


def test_a_reader_who_falls_behind_is_cut_and_nothing_more_is_kept():
    async def story():
        topic = Topic(1, None, same_for_all=True, check=lambda _context: None)
        stream = Stream(topic, backlog=3)
        for _number in range(10):
            stream.tell(Told(News((), Cursor(0, 0, 0))))
        kept = stream.waiting.qsize()
        return kept, [stream.waiting.get_nowait() is None for _ in range(kept)], stream.is_cut

    assert asyncio.run(story()) == (4, [False, False, False, True], True)


def test_a_host_that_is_not_ours_is_answered_nothing(key, settings):
    settings.ALLOWED_HOSTS = ["localhost"]
    refused = ask(key, {"query": FOLLOW}, host=b"evil.example")
    assert (refused.status_code, refused.content) == (400, b"")


@pytest.mark.parametrize("decided", [0, 150])
def test_what_comes_at_once_is_told_in_answers_of_a_hundred_each_with_its_own_cursor(decided):
    """As an import brings it; ``decided`` is 0 on SQLite, on PostgreSQL the oldest transaction that still runs."""
    rows = [
        Activity(pk=n, transaction=n if decided else 0, program_id=1, referrer_id=None, kind="sale.recorded")
        for n in range(1, 251)
    ]

    async def story():
        hub, topic = Hub(), Topic(1, None, same_for_all=True, check=lambda _context: None)
        with hub.following(topic) as stream:
            hub._publish(News(rows, Cursor(decided, 0 if decided else 250, 9)))
            told = [stream.waiting.get_nowait().news for _ in range(stream.waiting.qsize())]
        hub.stop()
        return told

    told = asyncio.run(story())
    assert [[row.pk for row in news.rows] for news in told] == [
        list(range(1, 101)),
        list(range(101, 201)),
        list(range(201, 251)),
    ]
    behind = [(decided and 100, 100, 9), (decided and 200, 200, 9, decided), (decided, 0 if decided else 250, 9)]
    assert [news.cursor for news in told] == [Cursor(*numbers) for numbers in behind]


def test_no_stream_begins_before_the_feed_is_followed():
    sent = []

    async def send(message):
        sent.append(message)

    async def story():
        hub = Hub()  # its follower is not started: the database is away
        await serve(hub, {"type": "http", "method": "POST", "path": "/graphql/stream", "headers": []}, None, send)
        hub.stop()

    asyncio.run(story())
    assert (sent[0]["status"], dict(sent[0]["headers"])[b"retry-after"]) == (503, b"30")
    assert b'"code": "STREAM_ENDED"' in sent[1]["body"]
