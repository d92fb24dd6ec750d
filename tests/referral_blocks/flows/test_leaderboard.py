from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from referral_blocks.analytics.leaderboard import leaderboard, own_place, public_name
from referral_blocks.analytics.models import LeaderboardResult
from referral_blocks.flows.award_leaderboard import award_leaderboard, award_leaderboards
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.programs.models import Period, Program, ProgramStatus
from referral_blocks.programs.periods import span_at
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrals.services import set_review
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import PendingReason, Reward, RewardRule
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
SETTLED = NOVEMBER + timedelta(days=1)  # a day for what is recorded late


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
    assert award_leaderboard(program=program, at=SETTLED - timedelta(seconds=1)) == []
    assert not LeaderboardResult.objects.exists()
    assert len(award_leaderboard(program=program, at=SETTLED)) == 3
    assert award_leaderboard(program=program, at=SETTLED + timedelta(hours=1)) == []
    assert won() == [
        ("period:2026-10:1", "di@example.com", 10_000),
        ("period:2026-10:2", "bo@example.com", 1_000),
        ("period:2026-10:3", "ana@example.com", 1_000),
    ]


def test_what_changes_after_the_award_moves_no_place(program):
    award_leaderboard(program=program, at=SETTLED)
    before = won()
    Referral.objects.filter(referrer__person__email="di@example.com").update(review=Review.BLOCKED)
    RewardRule.objects.create(program=program, side="referrer", title="More", amount_minor=1, trigger="period")
    assert award_leaderboard(program=program, at=SETTLED + timedelta(days=3)) == []
    assert won() == before


def test_a_worker_that_was_away_for_months_awards_each_of_them(program):
    award_leaderboard(program=program, at=SETTLED)
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
    assert award_leaderboard(program=program, at=SETTLED) == []
    assert len(award_leaderboard(program=program, at=SETTLED + timedelta(hours=4))) == 3


def test_a_programme_that_began_after_the_period_has_nothing_to_award():
    program = make_program(rules=PRIZES)
    assert award_leaderboard(program=program, at=timezone.now()) == []
    assert not LeaderboardResult.objects.exists()


def test_a_leaderboard_over_the_whole_programme_is_awarded_when_it_ends(program):
    Program.objects.update(leaderboard_period=Period.EVER)
    program.refresh_from_db()
    assert award_leaderboard(program=program, at=SETTLED) == []
    program.status = ProgramStatus.ENDED
    assert len(award_leaderboard(program=program, at=SETTLED)) == 3
    assert award_leaderboard(program=program, at=SETTLED + timedelta(days=1)) == []


def test_the_clock_settles_every_programme_with_prizes_and_no_other(program):
    make_program(slug="plain")
    make_program(slug="draft", rules=PRIZES, status=ProgramStatus.DRAFT)
    with time_machine.travel(SETTLED + timedelta(minutes=30)):
        assert (award_leaderboards(), award_leaderboards()) == (3, 0)
    assert list(LeaderboardResult.objects.values_list("program__slug", "span_key")) == [("neighbours", "2026-10")]


def test_a_sale_of_the_last_evening_that_is_recorded_the_next_day_counts(program):
    with time_machine.travel(datetime(2026, 10, 30, 12, tzinfo=UTC), tick=False):
        link = Referrer.objects.get(person__email="cy@example.com").links.get()
        for n in range(3):
            make_referral(program, email=f"late{n}@example.org", link=link)
    with time_machine.travel(NOVEMBER + timedelta(hours=9), tick=False):
        assert award_leaderboards() == 0
        for n in range(3):
            sale = {"external_id": f"late{n}", "friend_email": f"late{n}@example.org", "amount": "10"}
            at = NOVEMBER - timedelta(hours=2)
            record_sale(program=program, source="api", currency="GBP", occurred_at=at, **sale)
    award_leaderboard(program=program, at=SETTLED)
    assert won()[0] == ("period:2026-10:1", "cy@example.com", 10_000)


def test_no_day_counts_twice_when_the_period_changes(program):
    award_leaderboard(program=program, at=SETTLED)
    with time_machine.travel(datetime(2026, 10, 31, 12, tzinfo=UTC), tick=False):
        qualified(program, "ed", 27)  # in the week that ends on 1 November, and in October
    program.leaderboard_period = Period.WEEK
    program.save()
    assert award_leaderboard(program=program, at=SETTLED + timedelta(days=2)) == []
    assert list(LeaderboardResult.objects.order_by("pk").values_list("span_key", flat=True)) == ["2026-10", "2026-W44"]


def decide(staff, referral, **given):
    set_review(referral=referral, to=Review.FLAGGED, reason="test")
    for side, approve in given.items():
        review_referral(referral=referral, approve=approve, note="Looked.", actor=staff, side=side)


def test_a_friend_whose_referrers_side_was_blocked_wins_no_prize(program, django_user_model):
    staff = django_user_model.objects.create_user("staff")
    for referral in Referral.objects.filter(referrer__person__email="di@example.com"):
        decide(staff, referral, referrer=False, friend=True)
        assert Referral.objects.get(pk=referral.pk).review == Review.APPROVED
    assert places(program) == [(1, "bo", 2), (2, "ana", 2), (3, "cy", 1)]


@pytest.mark.parametrize("approve", [True, False])
def test_the_prize_of_a_referrer_with_a_friend_under_review_waits_until_nobody_is(program, approve, django_user_model):
    staff = django_user_model.objects.create_user("staff")
    first, second = Referral.objects.filter(referrer__person__email="di@example.com").order_by("pk")[:2]
    for referral in (first, second):
        set_review(referral=referral, to=Review.FLAGGED, reason="test")
    with time_machine.travel(OCTOBER):
        for name in ("di8@example.org", "di9@example.org"):
            link = first.referrer.links.get()
            make_referral(program, email=name, link=link)
            sale = {"external_id": name, "friend_email": name, "amount": "10", "currency": "GBP"}
            record_sale(program=program, source="api", **sale)
    award_leaderboard(program=program, at=SETTLED)

    def waiting():
        return list(PendingReason.objects.filter(reason="review").values_list("reward__person__email", flat=True))

    assert waiting() == ["di@example.com"]
    review_referral(referral=first, approve=approve, note="Looked.", actor=staff)
    assert waiting() == ["di@example.com"]
    review_referral(referral=second, approve=approve, note="Looked.", actor=staff)
    assert waiting() == []


def test_the_own_place_is_the_leaderboards_place_also_where_counts_are_level(program):
    """Given level counts, some reached at one moment, then each one's own place is the list's."""
    for name, days in {"ana": (3, 9), "bo": (2, 8), "cleo": (8,), "dan": (8,), "eve": (4, 9, 10)}.items():
        qualified(program, name, *days)
    stranger = make_link(program, email="stranger@example.com").referrer
    places = leaderboard(program=program, span=month(program), limit=10)
    assert len(places) >= 5
    for place in places:
        own = own_place(program=program, span=month(program), referrer=place.referrer)
        assert (own.rank, own.friends) == (place.rank, place.friends)
    own = own_place(program=program, span=month(program), referrer=stranger)
    assert (own.rank, own.friends) == (None, 0)
