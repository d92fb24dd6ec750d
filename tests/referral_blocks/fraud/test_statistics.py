"""A known history of findings and decisions, and the figures that have to come of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from referral_blocks.flows.review_referral import review_referral
from referral_blocks.fraud.models import Decision, ReviewDecision, RiskSignal
from referral_blocks.fraud.statistics import check_statistics
from referral_blocks.referrals.models import Review
from referral_blocks.referrals.services import set_review
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(hours):
    return time_machine.travel(NOON + timedelta(hours=hours), tick=False)


def story(program, number, *signals, decisions=(), start=0):
    """A flagged friend with (check, side) signals at ``start`` hours, decided by (side, approve, hours after)."""
    with at(start):
        referral = make_referral(program, email=f"f{number}@example.com", link=make_link(program))
        RiskSignal.objects.all().filter(referral=referral).delete()
        for check, side in signals:
            RiskSignal.objects.create(
                referral=referral,
                check_name=check,
                severity="low",
                side=side,
                score=50,
                evidence="x",
                occasion="capture",
            )
        set_review(referral=referral, to=Review.FLAGGED, reason="person")
    for side, approve, hours in decisions:
        with at(start + hours):
            actor = User.objects.get_or_create(username="sam")[0]
            review_referral(referral=referral, approve=approve, side=side, note="x", actor=actor)
    return referral


def history(program):
    story(program, 1, ("self_referral", "both"), decisions=[("both", False, 1)])
    story(program, 2, ("self_referral", "both"), ("ip_velocity", "both"), decisions=[("both", True, 3)])
    story(program, 3, ("self_referral", "both"), decisions=[("referrer", True, 4), ("friend", False, 8)])
    story(program, 4, ("ip_velocity", "both"))
    story(program, 5, ("disposable_email", "friend"), decisions=[("friend", True, 2)])


def rows(**given):
    return {
        s.check_name: (s.signals, s.approved, s.blocked, s.precision, s.median_wait, round(s.work, 6))
        for s in check_statistics(**given)
    }


def test_the_figures_of_a_known_history():
    program = make_program()
    history(program)
    assert rows(program=program) == {
        "self_referral": (3, 1, 2, Decimal(2) / 3, timedelta(hours=3), Decimal("0.625")),
        "ip_velocity": (2, 1, 0, Decimal(0), timedelta(hours=3), Decimal("0.125")),
        "disposable_email": (1, 1, 0, Decimal(0), timedelta(hours=2), Decimal("0.25")),
    }
    first = check_statistics(program=program)[0]
    assert (first.check_name, str(first.label)) == ("self_referral", "Self-referral")


def test_figures_are_of_one_programme_and_of_signals_within_the_range():
    program, other = make_program(), make_program(slug="other")
    story(other, 1, ("blocked_list", "both"), decisions=[("both", False, 1)])
    story(program, 2, ("self_referral", "both"), decisions=[("both", False, 1)])
    story(program, 3, ("self_referral", "both"), decisions=[("both", True, 1)], start=24)
    assert set(rows()) == {"blocked_list", "self_referral"}
    within = rows(program=program, since=NOON + timedelta(hours=24), until=NOON + timedelta(hours=25))
    assert within == {"self_referral": (1, 1, 0, Decimal(0), timedelta(hours=1), Decimal(1))}
    assert rows(program=program, until=NOON) == {}


def test_a_decision_from_before_a_signal_says_nothing_about_it():
    program = make_program()
    referral = story(program, 1, ("self_referral", "both"), decisions=[("both", True, 1)])
    with at(2):
        RiskSignal.objects.create(
            referral=referral, check_name="blocked_list", severity="low", side="both", score=9, evidence="x",
            occasion="sale:1",
        )  # fmt: skip
    assert rows()["blocked_list"] == (1, 0, 0, None, None, Decimal(0))


def test_an_automatic_block_is_nobodys_judgement():
    program = make_program()
    referral = story(program, 1, ("self_referral", "both"))
    newest = RiskSignal.objects.order_by("-pk").values_list("pk", flat=True)[0]
    ReviewDecision.objects.create(
        referral=referral, side="both", decision=Decision.BLOCK, reason="x", last_signal_id=newest, automatic=True
    )
    assert rows() == {"self_referral": (1, 0, 0, None, None, Decimal(0))}


def test_a_check_that_the_host_removed_keeps_its_figures_under_its_alias():
    story(make_program(), 1, ("gone", "both"))
    (line,) = check_statistics()
    assert (line.check_name, line.label, line.signals) == ("gone", "gone", 1)


def test_any_history_costs_two_queries():
    program = make_program()
    for number in range(3):
        history_of = (("self_referral", "both"),)
        story(program, number, *history_of, decisions=[("both", True, 1)])
        with CaptureQueriesContext(connection) as queries:
            check_statistics(program=program)
        assert len(queries) == 2
