from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.change_program import change_program, schedule_program
from referral_blocks.flows.join_program import join_program
from referral_blocks.programs.models import ProgramChange, ProgramStatus
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
ALLOWED = {("draft", "live"), ("live", "paused"), ("live", "ended"), ("paused", "live"), ("paused", "ended"),
           ("ended", "paused")}  # fmt: skip


@pytest.fixture
def staff(django_user_model):
    return django_user_model.objects.create_user("staff")


@pytest.mark.parametrize("before", ProgramStatus.values)
@pytest.mark.parametrize("after", ProgramStatus.values)
def test_only_the_allowed_steps_are_taken_and_each_is_kept_with_who_and_why(before, after, staff):
    program = make_program(status=before)
    if (before, after) in ALLOWED:
        assert change_program(program=program, status=after, reason="Season’s end.", actor=staff)
    elif before == after:
        assert not change_program(program=program, status=after, reason="Season’s end.", actor=staff)
    else:
        with pytest.raises(DomainError) as refused:
            change_program(program=program, status=after, reason="Season’s end.", actor=staff)
        assert refused.value.code == "wrong_state"
    program.refresh_from_db()
    rows = list(ProgramChange.objects.values_list("field", "from_state", "to_state", "note", "actor"))
    if (before, after) in ALLOWED:
        assert (program.status, rows) == (after, [("status", before, after, "Season’s end.", staff.pk)])
    else:
        assert (program.status, rows) == (before, [])


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [({"status": "asleep"}, "unknown_choice", ("status",)), ({"reason": " "}, "required", ("reason",))],
)
def test_a_change_needs_a_status_and_a_reason(given, code, path, staff):
    program = make_program()
    with pytest.raises(DomainError) as refused:
        change_program(**{"program": program, "status": "paused", "reason": "Rain.", "actor": staff, **given})
    assert (refused.value.code, refused.value.path) == (code, path)
    program.refresh_from_db()
    assert (program.status, ProgramChange.objects.count()) == ("live", 0)


def test_the_schedule_is_on_the_clock_of_the_programmes_time_zone(staff):
    program = make_program(time_zone="Pacific/Auckland")
    # 1 June in Auckland begins at noon of 31 May in London's winter time, UTC.
    start, end = datetime(2026, 6, 1), datetime(2026, 7, 1)
    assert schedule_program(program=program, starts_at=start, ends_at=end, reason="Winter.", actor=staff)
    phases = {}
    for moment in (datetime(2026, 5, 31, 11, 59, 59, tzinfo=UTC), datetime(2026, 5, 31, 12, tzinfo=UTC),
                   datetime(2026, 6, 30, 11, 59, 59, tzinfo=UTC), datetime(2026, 6, 30, 12, tzinfo=UTC)):  # fmt: skip
        with time_machine.travel(moment, tick=False):
            program.refresh_from_db()
            phases[moment.isoformat()] = (str(program.phase), program.is_open)
    assert list(phases.values()) == [("scheduled", False), ("open", True), ("open", True), ("ended", False)]
    assert list(ProgramChange.objects.values_list("field", "from_state", "to_state")) == [
        ("starts_at", "", "2026-05-31T12:00:00+00:00"),
        ("ends_at", "", "2026-06-30T12:00:00+00:00"),
    ]
    assert not schedule_program(program=program, starts_at=start, ends_at=end, reason="Winter.", actor=staff)


def test_an_end_before_the_start_is_refused_and_nothing_is_written(staff):
    program = make_program()
    now = datetime(2026, 6, 1, tzinfo=UTC)
    with pytest.raises(DomainError) as refused:
        schedule_program(program=program, starts_at=now, ends_at=now - timedelta(days=1), reason="Oops.", actor=staff)
    assert (refused.value.code, refused.value.path) == ("invalid_range", ("endsAt",))
    program.refresh_from_db()
    assert (program.starts_at, program.ends_at, ProgramChange.objects.count()) == (None, None, 0)


def test_a_status_wins_over_the_dates():
    past, future = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
    for status in ("draft", "paused", "ended"):
        assert make_program(status=status, slug=status, starts_at=past, ends_at=future).phase == status


def test_joins_and_friends_keep_the_terms_that_they_accepted_when_the_text_changes():
    program = make_program(terms="First text.")
    first = make_link(program, email="one@example.com")
    one = {"program": program, "email": "f1@example.com", "name": "F", "accept_terms": True, "code": first.code}
    friend = capture_referral(**one).referral
    program.terms = "Second text."
    program.save()
    second = make_link(program, email="two@example.com")
    later = capture_referral(**{**one, "email": "f2@example.com"}).referral
    # Coming again changes nothing of what was accepted.
    again = join_program(program=program, email="one@example.com", name="One", accept_terms=True).referrer
    capture_referral(**one)
    friend.refresh_from_db()
    texts = [row.terms_version.text for row in (first.referrer, friend, second.referrer, later, again)]
    assert texts == ["First text.", "First text.", "Second text.", "Second text.", "First text."]
    assert list(program.terms_versions.order_by("number").values_list("number", "text")) == [
        (1, "First text."), (2, "Second text.")
    ]  # fmt: skip
