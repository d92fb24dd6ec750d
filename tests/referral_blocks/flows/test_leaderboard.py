from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from referral_blocks.analytics.leaderboard import leaderboard, public_name
from referral_blocks.analytics.models import LeaderboardResult
from referral_blocks.flows.award_leaderboard import award_leaderboard, award_leaderboards
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.programs.models import Period, Program, ProgramStatus
from referral_blocks.programs.periods import span_at
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward, RewardRule
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
PRIZES = (
    {"side": "referrer", "title": "First prize", "amount_minor": 10_000, "trigger": "period"},
    {
        "side": "referrer", "title": "Runner-up", "amount_minor": 1_000, "trigger": "period",
        "rank_from": 2, "rank_to": 3,
    },
)  # fmt: skip
OCTOBER, NOVEMBER = datetime(2026, 10, 10, 12, tzinfo=UTC), datetime(2026, 11, 1, 0, tzinfo=UTC)


def month(program, at=OCTOBER):
    return span_at(program=program, period=Period.MONTH, at=at)


def qualified(program, referrer, *days):
    """One friend a day of October who leaves their details and buys at noon."""
    link = make_link(program, email=f"{referrer}@example.com", name=f"{referrer.title()} Example")
    for day in days:
        with time_machine.travel(datetime(2026, 10, day, 12, tzinfo=UTC), tick=False):
            email = f"{referrer}{day}@example.org"
            make_referral(program, email=email, link=link)
            sale = {"source": "api", "external_id": email, "friend_email": email, "amount": "10", "currency": "GBP"}
            record_sale(program=program, **sale)
    return link.referrer


@pytest.fixture
def program(db):
    with time_machine.travel(datetime(2026, 10, 1, 9, tzinfo=UTC)):
        program = make_program(rules=PRIZES)
        qualified(program, "ana", 2, 20)
        qualified(program, "bo", 3, 19)
        qualified(program, "cy", 4)
        qualified(program, "di", 5, 6, 7)
    return program


def places(program, **given):
    return [
        (p.rank, p.referrer.person.email.split("@")[0], p.friends)
        for p in leaderboard(program=program, **{"span": month(program), "limit": 10, **given})
    ]


def won():
    return list(Reward.objects.order_by("trigger_key").values_list("trigger_key", "person__email", "amount_minor"))


def test_places_go_by_friends_and_the_earlier_one_of_two_equals_is_ahead(program):
    assert places(program) == [(1, "di", 3), (2, "bo", 2), (3, "ana", 2), (4, "cy", 1)]
    assert places(program, limit=2) == [(1, "di", 3), (2, "bo", 2)]


def test_only_friends_of_the_span_count(program):
    assert places(program, span=month(program, NOVEMBER)) == []
    day = span_at(program=program, period=Period.DAY, at=datetime(2026, 10, 20, tzinfo=UTC))
    assert places(program, span=day) == [(1, "ana", 1)]


@pytest.mark.parametrize("fields", [{"review": Review.FLAGGED}, {"review": Review.BLOCKED}, {"stage": "retracted"}])
def test_friends_under_review_blocked_or_retracted_do_not_count(program, fields):
    Referral.objects.filter(referrer__person__email="di@example.com").update(**fields)
    assert places(program) == [(1, "bo", 2), (2, "ana", 2), (3, "cy", 1)]


def test_another_programmes_friends_do_not_count(program):
    other = make_program(slug="other", rules=())
    qualified(other, "ana", 8, 9, 10, 11)
    assert places(program)[0] == (1, "di", 3)


def test_names_are_masked_and_shown_only_with_consent(program):
    Referrer.objects.filter(person__email__in=["ana@example.com", "bo@example.com"]).update(leaderboard_consent=True)
    rows = leaderboard(program=program, span=month(program), limit=10)
    assert [row.name for row in rows] == ["Anonymous", "Bo E.", "Ana E.", "Anonymous"]


@pytest.mark.parametrize(
    ("name", "shown"), [("Ana", "Ana"), ("", "Anonymous"), ("  Ana  von der Heide ", "Ana H."), ("林 美玲", "林 美.")]
)
def test_a_public_name_is_the_first_word_and_one_letter(program, name, shown):
    referrer = Referrer.objects.select_related("person").first()
    referrer.leaderboard_consent = True
    referrer.person.name = name
    assert public_name(referrer) == shown


def test_a_leaderboard_is_two_queries(program, django_assert_num_queries):
    span = month(program)
    with django_assert_num_queries(2):
        leaderboard(program=program, span=span, limit=10)


def test_prizes_are_awarded_once_the_period_is_over_and_never_twice(program):
    assert award_leaderboard(program=program, at=NOVEMBER - timedelta(seconds=1)) == []
    assert not LeaderboardResult.objects.exists()
    assert len(award_leaderboard(program=program, at=NOVEMBER)) == 3
    assert award_leaderboard(program=program, at=NOVEMBER + timedelta(hours=1)) == []
    assert won() == [
        ("period:2026-10:1", "di@example.com", 10_000),
        ("period:2026-10:2", "bo@example.com", 1_000),
        ("period:2026-10:3", "ana@example.com", 1_000),
    ]


def test_what_changes_after_the_award_moves_no_place(program):
    award_leaderboard(program=program, at=NOVEMBER)
    before = won()
    Referral.objects.filter(referrer__person__email="di@example.com").update(review=Review.BLOCKED)
    RewardRule.objects.create(program=program, side="referrer", title="More", amount_minor=1, trigger="period")
    assert award_leaderboard(program=program, at=NOVEMBER + timedelta(days=3)) == []
    assert won() == before


def test_a_worker_that_was_away_for_months_awards_each_of_them(program):
    award_leaderboard(program=program, at=NOVEMBER)
    with time_machine.travel(datetime(2026, 11, 20, tzinfo=UTC)):
        link = Referrer.objects.get(person__email="cy@example.com").links.get()
        make_referral(program, email="late@example.org", link=link)
        sale = {"external_id": "late", "friend_email": "late@example.org", "amount": "10", "currency": "GBP"}
        record_sale(program=program, source="api", **sale)
    award_leaderboard(program=program, at=datetime(2027, 3, 2, tzinfo=UTC))
    assert won()[3:] == [("period:2026-11:1", "cy@example.com", 10_000)]
    assert LeaderboardResult.objects.count() == 5


def test_a_month_begins_in_the_programmes_own_time_zone(program):
    program.time_zone = "America/New_York"
    program.save()
    assert award_leaderboard(program=program, at=NOVEMBER) == []
    assert len(award_leaderboard(program=program, at=NOVEMBER + timedelta(hours=4))) == 3


def test_a_programme_that_began_after_the_period_has_nothing_to_award():
    program = make_program(rules=PRIZES)
    assert award_leaderboard(program=program, at=timezone.now()) == []
    assert not LeaderboardResult.objects.exists()


def test_a_leaderboard_over_the_whole_programme_is_awarded_when_it_ends(program):
    Program.objects.update(leaderboard_period=Period.EVER)
    program.refresh_from_db()
    assert award_leaderboard(program=program, at=NOVEMBER) == []
    program.status = ProgramStatus.ENDED
    assert len(award_leaderboard(program=program, at=NOVEMBER)) == 3
    assert award_leaderboard(program=program, at=NOVEMBER + timedelta(days=1)) == []


def test_the_clock_settles_every_programme_with_prizes_and_no_other(program):
    make_program(slug="plain")
    make_program(slug="draft", rules=PRIZES, status=ProgramStatus.DRAFT)
    with time_machine.travel(NOVEMBER + timedelta(minutes=30)):
        assert (award_leaderboards(), award_leaderboards()) == (3, 0)
    assert list(LeaderboardResult.objects.values_list("program__slug", "span_key")) == [("neighbours", "2026-10")]
