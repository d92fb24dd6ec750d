"""How many streams one caller may have open."""

import asyncio
from contextlib import ExitStack

from graphql_api.stream.hub import Hub


def test_who_is_several_at_once_is_counted_as_each(settings):
    """Given a referrer in three programmes, when they show their cookies in ever new selections, then each sign-in has
    as many streams as any caller, and not each selection."""
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_STREAMS_PER_CALLER": 2}

    async def story():
        hub, told = Hub(), []
        with ExitStack() as held:
            shown = ("1", "1,referrer:2", "1,staff:1", "1", "2,referrer:1", "2", "2", "3")
            told += [held.enter_context(hub.place_of(f"referrer:{caller}")) for caller in shown]
        with hub.place_of("referrer:2,referrer:1") as free:
            told.append(free)
        return told, dict(hub._callers)

    told, left = asyncio.run(story())
    assert told == [True, True, False, False, False, True, False, True, True]
    assert left == {}
