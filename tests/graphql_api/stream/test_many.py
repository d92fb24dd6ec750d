"""500 subscribers on one process: an event reaches all of them within a second, and each costs little memory."""

import asyncio
import time

import pytest
from wagtail.models import Site

from referral_blocks.access.services import create_api_key
from tests.graphql_api.stream.server import Reader, Server, connect, serving
from tests.make import make_link, make_program, make_referral
from tests.processes import running_redis

pytestmark = pytest.mark.django_db(transaction=True)
SUBSCRIBERS, KEYS = 500, 25
EACH = 150_000  # bytes of memory that a subscriber may cost
FOLLOW = 'subscription { programActivity(program: "neighbours") { cursor activities { id kind subjectId } } }'


async def everybody(server: Server, keys: list[str]) -> list[Reader]:
    """All of them, each with the first answer read; some at a time, as they would come."""
    room = asyncio.Semaphore(25)

    async def one(number: int) -> Reader:
        async with room:
            reader = await connect(server.port, FOLLOW, bearer=keys[number % len(keys)])
            first = await reader.next(20)
            assert reader.status == 200 and first.data["data"]["programActivity"]["activities"] == []
            return reader

    return list(await asyncio.gather(*(one(number) for number in range(SUBSCRIBERS))))


async def until_told(reader: Reader) -> tuple[float, list[str]]:
    event = await reader.next(10)
    found = event.data["data"]["programActivity"]["activities"]
    return time.monotonic(), [activity["kind"] for activity in found]


async def story(server: Server, keys: list[str], happen) -> tuple[float, int, list[list[str]]]:
    """Seconds from the commit until the last one was told, memory for each in bytes, and what each was told."""
    first = await connect(server.port, FOLLOW, bearer=keys[0])
    await first.next()
    first.close()
    before = server.memory()
    readers = await everybody(server, keys)
    each = (server.memory() - before) // SUBSCRIBERS
    waiting = [asyncio.create_task(until_told(reader)) for reader in readers]
    await asyncio.to_thread(happen)
    committed = time.monotonic()
    told = await asyncio.gather(*waiting)
    for reader in readers:
        reader.close()
    return max(at for at, _kinds in told) - committed, each, [kinds for _at, kinds in told]


def check(tmp_path, **given) -> None:
    program = make_program()
    link = make_link(program)
    site = Site.objects.get(is_default_site=True)
    keys = [create_api_key(site_id=site.pk, name=f"k{n}", scopes=["activity:read"])[1] for n in range(KEYS)]
    with serving(tmp_path / "stream.log", **given) as server:
        seconds, each, told = asyncio.run(story(server, keys, lambda: make_referral(program, link=link)))
    print(f"all {SUBSCRIBERS} told after {seconds:.3f} s, {each / 1000:.0f} kB each")
    assert told == [["REFERRAL_CAPTURED"]] * SUBSCRIBERS
    assert seconds < 1
    assert each < EACH


def test_an_event_reaches_all_within_a_second(tmp_path):
    check(tmp_path)


def test_the_same_through_redis(tmp_path, settings):
    with running_redis() as url:
        settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "ACTIVITY_REDIS": url}
        check(tmp_path, ACTIVITY_REDIS=url)
