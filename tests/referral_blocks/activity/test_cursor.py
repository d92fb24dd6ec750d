"""Reading on from a cursor may repeat an event and never misses one, whatever commits late."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from referral_blocks.activity.cursor import Cursor, UnusableCursor, present_cursor, read_cursor
from referral_blocks.activity.follow import Follower
from referral_blocks.activity.kinds import Kind
from referral_blocks.activity.models import Activity
from referral_blocks.activity.selectors import of_program, of_referrer, read_after
from referral_blocks.activity.services import add_activity
from tests.make import make_link, make_program
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def link():
    return make_link(make_program())


def tell(link, kind=Kind.REWARD_CREATED):
    referrer = link.referrer
    return add_activity(
        kind=kind, site_id=referrer.program.site_id, program_id=referrer.program_id, referrer_id=referrer.pk,
        subject_type="referrer", subject=referrer,
    )  # fmt: skip


def page(link, cursor, limit=100):
    return read_after(rows=of_program(program_id=link.referrer.program_id), cursor=cursor, limit=limit)


class Elsewhere:
    """Another connection that writes one row and commits when it is told to."""

    def __init__(self, link):
        self.wrote, self.may_commit = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, args=(link,))
        self.thread.start()
        assert self.wrote.wait(10)

    def _run(self, link):
        try:
            with transaction.atomic():
                self.row = tell(link)
                self.wrote.set()
                self.may_commit.wait(20)
        finally:
            connection.close()

    def commit(self):
        self.may_commit.set()
        self.thread.join(10)


def test_a_cursor_reads_on_where_it_stood(link):
    start = present_cursor()
    first, second, third = tell(link), tell(link), tell(link)
    got = page(link, start, limit=2)
    assert ([row.pk for row in got.rows], got.has_more) == ([first.pk, second.pk], True)
    rest = page(link, read_cursor(str(got.cursor)))
    assert ([row.pk for row in rest.rows], rest.has_more) == ([third.pk], False)
    assert page(link, rest.cursor).rows == []


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time")
def test_what_commits_late_is_read_although_its_id_is_lower(link):
    """The trap: the highest id that was seen is above one that is not yet to be seen."""
    start = present_cursor()
    late = Elsewhere(link)
    early = tell(link)
    assert late.row.pk < early.pk
    got = page(link, start)
    assert [row.pk for row in got.rows] == [early.pk]
    late.commit()
    again = page(link, got.cursor)
    assert [row.pk for row in again.rows] == [late.row.pk, early.pk]  # the early one once more: clients know it
    assert page(link, again.cursor).rows == []


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time")
def test_pages_move_on_while_an_old_transaction_runs_and_go_back_for_what_it_brings(link):
    start = present_cursor()
    late = Elsewhere(link)
    early = [tell(link) for _ in range(5)]
    got, seen = page(link, start, limit=2), []
    while True:
        seen += [row.pk for row in got.rows]
        if not got.has_more:
            break
        got = page(link, read_cursor(str(got.cursor)), limit=2)
    assert seen == [row.pk for row in early]
    late.commit()
    assert [row.pk for row in page(link, got.cursor).rows] == [late.row.pk, *(row.pk for row in early)]


def test_the_follower_tells_every_row_once_in_whatever_order_they_commit(link):
    told = []
    follower = Follower(lambda news: told.extend(row.pk for row in news.rows))
    follower.start()
    try:
        assert follower.ready.wait(10)
        if connection.vendor == "postgresql":
            late = Elsewhere(link)
            rows = [tell(link), tell(link)]
            wait_for(lambda: len(told) == 2, seconds=10)
            late.commit()
            rows.append(late.row)
        else:
            rows = [tell(link), tell(link), tell(link)]
        wait_for(lambda: len(told) == 3, seconds=10)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            tell(link)
            raise ZeroDivisionError
        rows.append(tell(link))
        wait_for(lambda: len(told) == 4, seconds=10)
    finally:
        follower.stop()
        follower.join(10)
    assert told == [row.pk for row in rows]


def test_the_follower_outlives_its_connection(link):
    told = []
    follower = Follower(lambda news: told.extend(row.pk for row in news.rows))
    follower.start()
    try:
        assert follower.ready.wait(10)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%%' OR "
                    "datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%%seen.at%%'"
                )
        row = tell(link)  # while it is away
        wait_for(lambda: told == [row.pk], seconds=10)
    finally:
        follower.stop()
        follower.join(10)


@pytest.mark.parametrize("text", ["", "x", "////", "MS4x", str(Cursor(-1, 0, 0)), "é", "9" * 500])
def test_other_texts_are_no_cursors(text):
    with pytest.raises(UnusableCursor):
        read_cursor(text)


def test_a_cursor_older_than_the_feed_is_refused_and_not_answered_with_a_gap(link):
    cursor = str(present_cursor())
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        assert str(read_cursor(cursor)) == cursor
    with time_machine.travel(timezone.now() + timedelta(days=31)), pytest.raises(UnusableCursor):
        read_cursor(cursor)


def test_a_cursor_of_another_database_is_refused(link):
    now = present_cursor()
    with pytest.raises(UnusableCursor):
        read_cursor(str(Cursor(now.transaction + 10**6, 0, now.at)))
    with pytest.raises(UnusableCursor):
        read_cursor(str(Cursor(now.transaction, 0, now.at, back=now.transaction + 10**6)))


def test_a_referrer_is_told_of_their_own_and_nothing_of_the_checks(link):
    other = make_link(link.referrer.program, email="other@example.com")
    start = present_cursor()
    mine = tell(link)
    tell(link, Kind.REFERRAL_FLAGGED)
    tell(other)
    got = read_after(rows=of_referrer(referrer_id=link.referrer.pk), cursor=start, limit=10)
    assert [row.pk for row in got.rows] == [mine.pk]
    assert Activity.objects.filter(kind=Kind.REFERRAL_FLAGGED).count() == 1
