"""Somebody types an address to be mailed a link: what is done for the answer is the same whether it is known or not."""

from datetime import timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from referral_blocks.core import queue
from referral_blocks.core.errors import InvalidInput
from referral_blocks.emails.link_requests import LinkRequest
from referral_blocks.emails.models import Email
from referral_blocks.flows import answer_link_request as answering
from referral_blocks.flows.answer_link_request import answer_link_request
from referral_blocks.flows.erase_person import erase_person
from referral_blocks.flows.forget_expired import forget_expired
from referral_blocks.flows.mature_rewards import resume_work
from referral_blocks.flows.request_data_link import request_data_link
from referral_blocks.flows.request_login_link import request_login_link
from referral_blocks.people.models import Person
from tests.mailbox import look_up
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db
REFERRER, FRIEND, NOBODY = "referrer@example.com", "friend@example.com", "nobody@example.com"
KINDS = ("sign_in", "your_data")


@pytest.fixture
def program():
    program = make_program(rules=())
    make_referral(program)
    OrmQ.objects.all().delete()
    Email.objects.all().delete()
    return program


def ask(program, kind: str, email: str) -> None:
    if kind == "sign_in":
        request_login_link(program=program, email=email)
    else:
        request_data_link(site_id=program.site_id, email=email)


def mailed() -> list[tuple[str, str]]:
    return list(Email.objects.order_by("pk").values_list("kind", "person__email"))


def tables(queries) -> list[str]:
    """What each statement does to which table, without savepoints’ names and the values that it writes."""
    return [query["sql"].split(" (")[0].split(' "s')[0] for query in queries]


@pytest.mark.parametrize("kind", KINDS)
def test_a_known_address_costs_what_an_unknown_one_does(program, kind):
    done = {}
    for email in (REFERRER, FRIEND, NOBODY, "REFERRER@example.com", REFERRER):
        with CaptureQueriesContext(connection) as queries:
            ask(program, kind, email)
        done[email] = tables(queries)
    assert len(set(map(tuple, done.values()))) == 1, done
    assert done[NOBODY] == [
        "SAVEPOINT",
        'INSERT INTO "referral_blocks_linkrequest"',
        'INSERT INTO "django_q_ormq"',
        "RELEASE SAVEPOINT",
    ]
    assert mailed() == []


@pytest.mark.parametrize(("kind", "known"), [("sign_in", [REFERRER]), ("your_data", [REFERRER, FRIEND])])
def test_the_queue_mails_the_known_ones_and_keeps_no_address(program, kind, known):
    for email in (REFERRER, NOBODY, FRIEND):
        ask(program, kind, email)
    assert look_up() == 3
    assert mailed() == [(kind, email) for email in known]
    assert LinkRequest.objects.count() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_reads_in_the_queue_or_the_row_who_was_asked_for(program, kind):
    ask(program, kind, REFERRER)
    row, task = LinkRequest.objects.values().get(), OrmQ.objects.get()
    written = repr((row, task.payload, task.task)) + str(bytes(row["address"]))
    assert "referrer@" not in written.lower()
    assert task.task["args"] == (row["id"],)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_address_is_refused_and_nothing_is_queued(program, kind):
    with pytest.raises(InvalidInput):
        ask(program, kind, "friend@")
    assert (LinkRequest.objects.count(), OrmQ.objects.count()) == (0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_asked_again_within_ten_minutes_one_mail_goes_out(program, kind):
    now = timezone.now().replace(minute=31)
    for minutes in (0, 1, 8, 11):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            ask(program, kind, REFERRER)
            assert look_up() == 1
    assert mailed() == [(kind, REFERRER)] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_that_comes_twice_mails_once(program, kind):
    ask(program, kind, REFERRER)
    pk = LinkRequest.objects.get().pk
    for _ in range(2):
        answer_link_request(request_id=pk)
    assert mailed() == [(kind, REFERRER)]


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_erased_meanwhile_is_not_written_to(program, kind):
    ask(program, kind, REFERRER)
    erase_person(person=Person.objects.get(email=REFERRER), gives_up=True)
    assert (look_up(), mailed(), LinkRequest.objects.count()) == (1, [], 0)


def test_a_lost_task_is_found_again_and_one_that_failed_is_tried_later(program, monkeypatch):
    ask(program, "sign_in", REFERRER)
    OrmQ.objects.all().delete()
    assert resume_work() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert (resume_work(), resume_work()) == (1, 0)
        with monkeypatch.context() as broken, pytest.raises(ConnectionError):
            broken.setattr(answering, "_mail", _fail)
            look_up()
        assert (LinkRequest.objects.count(), mailed()) == (1, [])
    with time_machine.travel(timezone.now() + timedelta(minutes=8)):
        assert (resume_work(), look_up(), mailed()) == (1, 1, [("sign_in", REFERRER)])


def _fail(*_given):
    raise ConnectionError


def test_what_nobody_looked_up_is_forgotten_after_an_hour(program):
    ask(program, "sign_in", REFERRER)
    with time_machine.travel(timezone.now() + timedelta(minutes=59)):
        assert forget_expired() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert resume_work() == 0
        assert (forget_expired(), LinkRequest.objects.count()) == (1, 0)
        assert (look_up(), mailed()) == (1, [])


def test_an_address_whose_key_was_taken_away_is_dropped(program, settings):
    own = Fernet.generate_key().decode()
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "ENCRYPTION_KEYS": (own,)}
    ask(program, "sign_in", REFERRER)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "ENCRYPTION_KEYS": ()}
    assert (look_up(), mailed(), LinkRequest.objects.count()) == (1, [], 0)


def test_a_request_that_cannot_be_queued_leaves_nothing(program, monkeypatch):
    monkeypatch.setattr(queue, "enqueue", _fail)
    with pytest.raises(ConnectionError):
        ask(program, "sign_in", REFERRER)
    assert LinkRequest.objects.count() == 0
