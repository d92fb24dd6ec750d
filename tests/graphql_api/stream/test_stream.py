"""One stream: who may have it, what it tells, and what ends it."""

import asyncio
import json
import time
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from referral_blocks.access.services import create_api_key, revoke_api_key
from referral_blocks.activity.models import Activity
from referral_blocks.core.conf import get_conf
from referral_blocks.flows.sign_out import sign_out, sign_out_browser
from referral_blocks.referrers.session import make_session, session_cookie
from tests.graphql_api.ask import bearer_of, post
from tests.graphql_api.stream.server import connect, serving
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db(transaction=True)
STANDING = (
    "subscription($after: String) { viewerStanding(after: $after) "
    "{ cursor activities { id kind } viewer { standing { friends } } } }"
)
FOLLOW = (
    'subscription($after: String) { programActivity(program: "neighbours", after: $after) '
    "{ cursor hasMore activities { id kind subjectId referrerId } } }"
)
APP = "https://app.example.com"
DEEP = "subscription { viewerStanding " + "{ viewer " * 16 + "{ firstName }" + " }" * 17


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock():
        log = tmp_path_factory.mktemp("stream") / "stream.log"
        with serving(
            log, API_STREAM_ALIVE_SECONDS=0.4, API_STREAM_CHECK_SECONDS=0.4, API_STREAM_BEGIN_SECONDS=3,
            API_STREAMS=6, API_STREAMS_PER_CALLER=2, API_CORS_ORIGINS={"localhost": [APP]},
        ) as running:  # fmt: skip
            yield running
        assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture
def link():
    return make_link(make_program())


@pytest.fixture
def key(link):
    return create_api_key(site_id=link.referrer.program.site_id, name="Board", scopes=["activity:read"])


def codes(event):
    return [error["extensions"]["code"] for error in event.data["errors"]]


def friend(link, number):
    return make_referral(link.referrer.program, email=f"f{number}@example.com", link=link)


def test_the_referrer_sees_a_friend_arrive(server, link):
    other = make_link(link.referrer.program, email="other@example.com")

    async def story():
        mine = await connect(server.port, STANDING, bearer=bearer_of(link.referrer))
        theirs = await connect(server.port, STANDING, bearer=bearer_of(other.referrer))
        first, _ = await mine.next(), await theirs.next()
        await asyncio.to_thread(friend, link, 1)
        second = await mine.next()
        with pytest.raises(TimeoutError):
            await theirs.next(1)
        mine.close(), theirs.close()
        return mine, theirs, first, second

    mine, theirs, first, second = asyncio.run(story())
    assert (mine.status, mine.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert (mine.headers["cache-control"], mine.headers["x-accel-buffering"]) == ("no-store", "no")
    said = first.data["data"]["viewerStanding"]
    assert (first.name, said["activities"], said["viewer"]["standing"]) == ("next", [], {"friends": 0})
    said = second.data["data"]["viewerStanding"]
    captured = Activity.objects.get(kind="referral.captured")
    assert said["activities"] == [{"id": str(captured.public_id), "kind": "REFERRAL_CAPTURED"}]
    assert (said["viewer"]["standing"], second.id) == ({"friends": 1}, said["cursor"])
    assert theirs.comments  # nothing but signs of life


def test_a_killed_connection_catches_up_without_a_gap_while_events_go_on(server, link, key):
    events, seen = 30, set()

    async def story():
        cursor, connections = None, 0
        happening = []
        while len(seen) < events:
            reader = await connect(server.port, FOLLOW, {"after": cursor}, bearer=key[1])
            connections += 1
            for _message in range(3):
                said = (await reader.next(20)).data["data"]["programActivity"]
                seen.update(a["id"] for a in said["activities"] if a["kind"] == "REFERRAL_CAPTURED")
                cursor = said["cursor"]
                if len(happening) < events:  # two more with each message, so that no connection sees them all
                    happening += [
                        asyncio.ensure_future(asyncio.to_thread(friend, link, len(happening) + n)) for n in (0, 1)
                    ]
                if len(seen) >= events:
                    break
            reader.close()  # mid-way: what was sent and not read is lost
        await asyncio.gather(*happening)
        return connections

    connections = asyncio.run(story())
    happened = Activity.objects.filter(kind="referral.captured").values_list("public_id", flat=True)
    assert (seen, len(happened)) == ({str(one) for one in happened}, events)
    assert connections > 3


def test_a_browser_reads_on_by_its_last_event_id(server, link, key):
    async def story():
        reader = await connect(server.port, FOLLOW, bearer=key[1])
        cursor = (await reader.next()).id
        reader.close()
        await asyncio.to_thread(friend, link, 1)
        again = await connect(server.port, FOLLOW, bearer=key[1], Last_Event_ID=cursor)
        event = await again.next()
        again.close()
        lost = await connect(server.port, FOLLOW, bearer=key[1], Last_Event_ID="nonsense")
        return event, await lost.rest()

    event, lost = asyncio.run(story())
    assert [a["kind"] for a in event.data["data"]["programActivity"]["activities"]] == ["REFERRAL_CAPTURED"]
    assert [codes(lost[0]), lost[1].name] == [["CURSOR_EXPIRED"], "complete"]


def test_a_sign_in_that_is_revoked_ends_its_stream(server, link):
    bearer = bearer_of(link.referrer)

    async def story():
        reader = await connect(server.port, STANDING, bearer=bearer)
        await reader.next()
        began = time.monotonic()
        await asyncio.to_thread(sign_out, access_token=bearer, site_id=link.referrer.program.site_id)
        return await reader.rest(10), time.monotonic() - began

    events, seconds = asyncio.run(story())
    assert (codes(events[0]), [event.name for event in events]) == (["UNAUTHENTICATED"], ["next", "complete"])
    assert seconds < 5


def test_a_browser_that_is_signed_out_is_told_nothing_more_and_another_is(server, link):
    name = session_cookie(link.referrer.program)
    here, there = (make_session(link.referrer, verified=True) for _ in range(2))

    async def story():
        ended, other = [
            await connect(server.port, STANDING, Cookie=f"{name}={value}", Sec_Fetch_Site="same-origin")
            for value in (here, there)
        ]
        await ended.next(), await other.next()
        began = time.monotonic()
        await asyncio.to_thread(sign_out_browser, cookies=[here], site_id=link.referrer.program.site_id)
        events, seconds = await ended.rest(10), time.monotonic() - began
        await asyncio.to_thread(friend, link, 1)
        told = await other.next()
        while told.data["data"]["viewerStanding"]["viewer"]["standing"] == {"friends": 0}:
            told = await other.next()  # that they have joined, where it came after the first answer
        other.close()
        return events, seconds, told

    events, seconds, told = asyncio.run(story())
    assert (codes(events[-2]), events[-1].name) == (["UNAUTHENTICATED"], "complete")
    assert not [event for event in events if "friends': 1" in str(event.data)]
    assert seconds < 5
    assert told.data["data"]["viewerStanding"]["viewer"]["standing"] == {"friends": 1}


def test_an_access_token_that_runs_out_ends_its_stream(server, link):
    with time_machine.travel(timezone.now() - timedelta(seconds=get_conf().API_ACCESS_SECONDS - 3)):
        bearer = bearer_of(link.referrer)

    async def story():
        reader = await connect(server.port, STANDING, bearer=bearer)
        return await reader.rest(10)

    events = asyncio.run(story())
    assert "errors" not in events[0].data
    assert (codes(events[-2]), events[-1].name) == (["UNAUTHENTICATED"], "complete")


def test_a_key_that_is_revoked_ends_its_stream_and_it_is_told_nothing_more(server, link, key):
    async def story():
        reader = await connect(server.port, FOLLOW, bearer=key[1])
        await reader.next()
        await asyncio.to_thread(revoke_api_key, key=key[0])
        return await reader.rest(10)

    events = asyncio.run(story())
    assert (codes(events[0]), events[-1].name) == (["UNAUTHENTICATED"], "complete")


def test_a_key_without_the_scope_or_of_no_programme_is_told_why(server, link, key):
    other = create_api_key(site_id=link.referrer.program.site_id, name="Till", scopes=["sales:write"])[1]
    elsewhere = FOLLOW.replace("neighbours", "elsewhere")

    async def story():
        answers = []
        for query, bearer in ((FOLLOW, other), (FOLLOW, ""), (elsewhere, key[1]), (STANDING, key[1]), (DEEP, key[1])):
            reader = await connect(server.port, query, bearer=bearer)
            events = await reader.rest()
            answers.append((reader.status, codes(events[0])[0], [event.name for event in events]))
        return answers

    over = ["next", "complete"]
    assert asyncio.run(story()) == [
        (200, "FORBIDDEN", over),
        (200, "UNAUTHENTICATED", over),
        (200, "BAD_USER_INPUT", over),
        (200, "UNAUTHENTICATED", over),
        (200, "TOO_COMPLEX", over),
    ]


def test_streams_are_bounded_a_caller_and_a_process(server, link, key):
    second = create_api_key(site_id=link.referrer.program.site_id, name="Two", scopes=["activity:read"])[1]
    third = create_api_key(site_id=link.referrer.program.site_id, name="Three", scopes=["activity:read"])[1]

    async def story():
        held = [await connect(server.port, FOLLOW, bearer=bearer) for bearer in (key[1], key[1])]
        for reader in held:
            await reader.next()
        caller = await connect(server.port, FOLLOW, bearer=key[1])
        refused = (caller.status, caller.headers.get("retry-after"), await caller.body())
        held += [await connect(server.port, FOLLOW, bearer=b) for b in (second, second, third, third)]
        for reader in held[2:]:
            await reader.next()
        full = await connect(server.port, FOLLOW, bearer=key[1])
        busy = (full.status, full.headers.get("retry-after"), await full.body())
        for reader in held:
            reader.close()
        await asyncio.sleep(0.5)
        free = await connect(server.port, FOLLOW, bearer=key[1])
        await free.next()
        free.close()
        return refused, busy, free.status

    refused, busy, free = asyncio.run(story())
    assert (refused[:2], refused[2]["errors"][0]["extensions"]["code"]) == ((429, "30"), "TOO_MANY_STREAMS")
    assert (busy[:2], busy[2]["errors"][0]["extensions"]["code"]) == ((503, "30"), "TOO_MANY_STREAMS")
    assert free == 200


def test_the_sites_own_pages_show_their_cookie_and_no_other_page_can(server, link):
    name, value = session_cookie(link.referrer.program), make_session(link.referrer, verified=True)
    cookie = {"Cookie": f"{name}={value}"}
    asked = (
        ("POST", {"Sec_Fetch_Site": "same-origin"}, True),
        ("GET", {"Sec_Fetch_Site": "same-origin"}, True),
        ("POST", {"Sec_Fetch_Site": "cross-site", "Origin": APP}, False),
        ("GET", {"Sec_Fetch_Site": "cross-site"}, False),
        ("GET", {"Sec_Fetch_Site": "none"}, False),
        ("GET", {}, False),
    )

    async def story():
        told = []
        for method, headers, _fine in asked:
            reader = await connect(server.port, STANDING, method=method, **cookie, **headers)
            event = await reader.next()
            told.append("errors" not in event.data)
            reader.close()
        return told

    assert asyncio.run(story()) == [fine for _method, _headers, fine in asked]


def test_an_unverified_visitor_follows_nothing(server, link):
    value = make_session(link.referrer, verified=False, code=link.code)

    async def story():
        reader = await connect(
            server.port,
            STANDING,
            Cookie=f"{session_cookie(link.referrer.program)}={value}",
            Sec_Fetch_Site="same-origin",
        )
        return await reader.rest()

    assert codes(asyncio.run(story())[0]) == ["UNVERIFIED"]


def test_staff_follow_with_the_token_of_their_page_and_not_with_the_cookie_alone(server, link):
    User.objects.create_superuser("sam", "sam@example.com", "pw")
    client = Client()
    client.login(username="sam", password="pw")
    session = client.cookies["sessionid"].value
    token = "a" * 32
    cookies = f"sessionid={session}; csrftoken={token}"

    async def story():
        with_token = await connect(server.port, FOLLOW, Cookie=cookies, Sec_Fetch_Site="same-origin", X_CSRFToken=token)
        without = await connect(server.port, FOLLOW, Cookie=cookies, Sec_Fetch_Site="same-origin")
        events = await with_token.next(), await without.next()
        with_token.close(), without.close()
        return events

    fine, refused = asyncio.run(story())
    assert (fine.data["data"]["programActivity"]["activities"], codes(refused)) == ([], ["UNAUTHENTICATED"])


def test_other_origins_follow_where_the_site_allows_them(server, link, key):
    async def story():
        ours = await connect(server.port, FOLLOW, bearer=key[1], Origin=APP)
        other = await connect(server.port, FOLLOW, bearer=key[1], Origin="https://evil.example")
        asked = await connect(server.port, "", method="OPTIONS", Origin=APP, Access_Control_Request_Method="POST")
        ours.close(), other.close(), asked.close()
        return [reader.headers for reader in (ours, other, asked)], asked.status

    (ours, other, asked), status = asyncio.run(story())
    assert (ours["access-control-allow-origin"], "access-control-allow-origin" in other) == (APP, False)
    assert "access-control-allow-credentials" not in ours
    assert (status, "last-event-id" in asked["access-control-allow-headers"]) == (204, True)


@pytest.mark.parametrize(
    ("query", "method", "headers", "status"),
    [
        ("{ viewer { firstName } }", "POST", {}, 400),
        ("", "GET", {}, 400),
        (FOLLOW, "PUT", {}, 405),
        (FOLLOW, "POST", {"Accept": "application/json"}, 406),
        ("x" * 120_000, "POST", {}, 413),
    ],
)
def test_what_is_no_request_for_a_stream_is_refused_as_http(server, query, method, headers, status):
    async def story():
        reader = await connect(server.port, query, method=method, **headers)
        return reader.status, await reader.body()

    answered, body = asyncio.run(story())
    assert (answered, body["errors"][0]["extensions"]["code"]) == (status, "BAD_REQUEST")


def test_a_request_that_is_never_finished_is_given_up(server):
    async def story():
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST /graphql/stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 500\r\n\r\n{")
        await writer.drain()
        began = time.monotonic()
        await asyncio.wait_for(reader.read(), 20)
        return time.monotonic() - began

    assert asyncio.run(story()) < 10


def test_the_wsgi_process_says_where_streams_are(link):
    answer = post(Client(), {"query": FOLLOW})
    assert answer.status_code == 405
    assert "/graphql/stream" in json.loads(answer.content)["errors"][0]["message"]
    answer = Client().get("/graphql/stream", headers={"Accept": "text/event-stream"})
    assert (answer.status_code, "errors" in json.loads(answer.content)) == (501, True)


def test_every_other_address_of_the_process_is_the_sites(server):
    async def story():
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return await asyncio.wait_for(reader.read(), 10)

    assert asyncio.run(story()).startswith(b"HTTP/1.1 200")
