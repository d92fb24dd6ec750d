"""Everything that the streams of one process share: the one reader of the feed, the threads that ask Django, and who is
told of what."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from django.db import close_old_connections

from graphql_api.activity.live import Topic
from graphql_api.activity.types import MAX_ACTIVITY
from referral_blocks.activity.follow import Follower, News, in_parts
from referral_blocks.activity.kinds import NOT_FOR_REFERRERS
from referral_blocks.activity.models import Activity
from referral_blocks.core.conf import get_conf

END = 1.0  # seconds for all streams to end with the process
T = TypeVar("T")


class Told:
    """One piece of news for one topic, with the answers that were worked out for it already."""

    def __init__(self, news: News) -> None:
        self.news = news
        self.answers: dict[Any, asyncio.Future[Any]] = {}


class Stream:
    """What one stream has still to tell. ``is_cut``: it fell too far behind."""

    def __init__(self, topic: Topic, backlog: int) -> None:
        self.topic = topic
        self.waiting: asyncio.Queue[Told | None] = asyncio.Queue(backlog + 1)
        self.is_cut = False

    def tell(self, told: Told) -> None:
        if not self.is_cut and self.waiting.qsize() >= self.waiting.maxsize - 1:
            self.cut()
        elif not self.is_cut:
            self.waiting.put_nowait(told)

    def cut(self) -> None:
        """Nothing more is kept for it; it finds None at the end of what is."""
        if not self.is_cut:
            self.is_cut = True
            self.waiting.put_nowait(None)


class Hub:
    """Lives in one event loop, in which all of its methods are called."""

    def __init__(self) -> None:
        conf = get_conf()
        self.loop = asyncio.get_running_loop()
        self.ending = asyncio.Event()
        self._threads = ThreadPoolExecutor(conf.API_STREAM_THREADS, thread_name_prefix="stream")
        self._follower = Follower(self._from_thread)
        self._streams: dict[tuple[str, int | None], set[Stream]] = defaultdict(set)
        self._callers: Counter[str] = Counter()
        self._count = 0

    def start(self) -> None:
        self._follower.start()

    @property
    def is_following(self) -> bool:
        """Whether everything that is committed from now on is told."""
        return self._follower.ready.is_set()

    def stop(self) -> None:
        """End every stream; their clients connect again, to another process."""
        self.ending.set()
        self._follower.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def emptied(self) -> None:
        """Returns when every stream has ended; not later than END after it began to wait."""
        with suppress(TimeoutError):
            async with asyncio.timeout(END):
                while self._count:
                    await asyncio.sleep(0.02)

    async def ask(self, work: Callable[..., T], *given: Any, **named: Any) -> T:
        """Run ``work``, which asks the database, in a thread of the pool."""

        def run() -> T:
            close_old_connections()
            try:
                return work(*given, **named)
            finally:
                close_old_connections()

        return await self.loop.run_in_executor(self._threads, run)

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Count one connection while it lasts; False when the process has enough."""
        if self._count >= get_conf().API_STREAMS:
            yield False
            return
        self._count += 1
        try:
            yield True
        finally:
            self._count -= 1

    @contextmanager
    def place_of(self, caller: str) -> Iterator[bool]:
        """Count one stream of the caller while it lasts; False when they have enough. Who is several at once, such as a
        referrer in two programmes, is counted as each: whoever shows their cookies in ever new selections has no more.
        """
        names = caller.split(",")
        if any(self._callers[name] >= get_conf().API_STREAMS_PER_CALLER for name in names):
            yield False
            return
        self._callers.update(names)
        try:
            yield True
        finally:
            for name in names:
                self._callers[name] -= 1
                if not self._callers[name]:
                    del self._callers[name]

    @contextmanager
    def following(self, topic: Topic) -> Iterator[Stream]:
        """A stream that is told of the topic's news from now on."""
        stream, key = Stream(topic, get_conf().API_STREAM_BACKLOG), _key(topic)
        self._streams[key].add(stream)
        try:
            yield stream
        finally:
            self._streams[key].discard(stream)
            if not self._streams[key]:
                del self._streams[key]

    def _from_thread(self, news: News) -> None:
        self.loop.call_soon_threadsafe(self._publish, news)

    def _publish(self, news: News) -> None:
        if news.rows is None:
            for streams in self._streams.values():
                for stream in streams:
                    stream.cut()
            return
        by_key: dict[tuple[str, int | None], list[Activity]] = defaultdict(list)
        for row in news.rows:
            by_key["program", row.program_id].append(row)
            if row.referrer_id is not None and row.kind not in NOT_FOR_REFERRERS:
                by_key["referrer", row.referrer_id].append(row)
        for key, rows in by_key.items():
            streams = self._streams.get(key, ())
            for part in in_parts(News(rows, news.cursor), most=MAX_ACTIVITY) if streams else ():
                told = Told(part)
                for stream in streams:
                    stream.tell(told)


def _key(topic: Topic) -> tuple[str, int | None]:
    return ("program", topic.program_id) if topic.referrer_id is None else ("referrer", topic.referrer_id)
