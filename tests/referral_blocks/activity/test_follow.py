"""Whatever is away for a while – Redis, the database, a replica – no event is lost."""

import socket
from contextlib import closing

import pytest
from django.db import OperationalError

from referral_blocks.activity import follow
from referral_blocks.activity.cursor import feed
from referral_blocks.activity.follow import Follower
from referral_blocks.activity.selectors import of_program, of_referrer
from tests.make import make_link, make_program
from tests.processes import free_port, running_redis, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def through(settings, monkeypatch):
    """``through(url)`` follows by this Redis: the follower, and what it has told."""
    monkeypatch.setattr(follow, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(follow, "AGAIN_SECONDS", 0.3)
    begun = []

    def begin(url):
        settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "ACTIVITY_REDIS": url}
        told = []
        follower = Follower(lambda news: told.extend(row.kind for row in news.rows))
        begun.append(follower)
        follower.start()
        return follower, told

    yield begin
    for follower in begun:
        follower.stop()
        follower.join(10)


def test_a_redis_that_is_away_or_says_nothing_costs_seconds_and_no_event(through):
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for port in (free_port(), silent.getsockname()[1]):
            follower, told = through(f"redis://127.0.0.1:{port}/0")
            assert follower.ready.wait(5)
            make_link(make_program(slug=f"p{port}"))
            wait_for(lambda told=told: told == ["referrer.joined"], seconds=5)


def test_a_redis_that_goes_away_is_left(through):
    with running_redis() as url:
        follower, told = through(url)
        assert follower.ready.wait(5)
        make_link(make_program())
        wait_for(lambda: told == ["referrer.joined"], seconds=5)
    make_link(make_program(slug="second"))
    wait_for(lambda: told == ["referrer.joined"] * 2, seconds=5)


def test_rows_that_could_not_be_read_are_told_the_next_time(monkeypatch):
    told, real, broken = [], follow._news, []

    def news(ids, cursor):
        if not broken:
            broken.append(ids)
            raise OperationalError("the connection is gone")
        return real(ids, cursor)

    monkeypatch.setattr(follow, "_news", news)
    follower = Follower(lambda found: told.extend(row.kind for row in found.rows))
    follower.start()
    try:
        assert follower.ready.wait(10)
        make_link(make_program())
        wait_for(lambda: told == ["referrer.joined"], seconds=10)
        assert len(broken) == 1
    finally:
        follower.stop()
        follower.join(10)


def test_the_feed_is_read_where_it_is_written(settings):
    settings.DATABASE_ROUTERS = [ReadsElsewhere()]
    rows = [feed(), of_program(program_id=1), of_referrer(referrer_id=1)]
    assert [one.db for one in rows] == ["default"] * 3


class ReadsElsewhere:
    """A site with a replica."""

    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"
