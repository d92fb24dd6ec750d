"""Screening as it happens at capture and at a sale: signals, verdict, and which money waits."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from referral_blocks.core.conf import Conf
from referral_blocks.emails.models import Email
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.mature_rewards import mature_rewards
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.fraud.check import Finding, FraudCheck
from referral_blocks.fraud.models import ReviewDecision, RiskSignal
from referral_blocks.fraud.services import block_entry
from referral_blocks.ledger.selectors import unbalanced_entries
from referral_blocks.payouts.models import Payout
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import PendingReason, Reward, RewardChange
from referral_blocks.sales.models import Sale
from tests.make import make_link, make_program, make_referral
from tests.make_pages import form_data, make_landing_page

pytestmark = pytest.mark.django_db

AT_ONCE = {"hold_days": 0, "approval": "automatic", "sale_to": None}
PAID_AT_ONCE = (
    {"side": "referrer", "title": "Gift", "amount_minor": 2000, **AT_ONCE},
    {"side": "friend", "title": "Off", "amount_minor": 1000, **AT_ONCE},
)


class Says(FraudCheck):
    """A check that finds what its options say."""

    label = "Says"

    def __init__(self, *, side="both", score=50, evidence="Look.", at=("capture", "sale"), may_block=True):
        self.side, self.score, self.evidence = side, score, evidence
        self.occasions, self.may_block = frozenset(at), may_block

    def inspect(self, screening):
        return Finding("medium", self.side, self.score, self.evidence)


class Breaks(FraudCheck):
    label = "Breaks"

    def inspect(self, screening):
        raise ZeroDivisionError


@pytest.fixture
def checks(settings):
    """Sets the registered checks: ``checks(name={options})``; ``conf`` overrides other settings."""

    def register(conf=None, **lines):
        path = f"{__name__}.Says"
        named = {n: o if isinstance(o, str) else {"path": path, "options": o} for n, o in lines.items()}
        settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "FRAUD_CHECKS": named, **(conf or {})}

    return register


@pytest.fixture
def staff():
    return User.objects.create_user("sam")


def buy(referral, number=1, amount="100"):
    return record_sale(
        program=referral.program, source="api", external_id=str(number), friend_email=referral.friend.email,
        amount=amount, currency="GBP",
    ).rewards  # fmt: skip


def states():
    """Side → (state, reasons) of every reward, oldest first."""
    return [
        (r.side, r.state, sorted(r.pending_reasons.values_list("reason", flat=True)))
        for r in Reward.objects.order_by("pk")
    ]


def fresh(referral):
    return Referral.objects.get(pk=referral.pk)


def test_a_finding_is_written_once_with_its_evidence(checks):
    checks(odd={"score": 30, "evidence": "Something is odd."})
    referral = make_referral(make_program())
    (signal,) = RiskSignal.objects.all()
    assert (signal.referral, signal.check_name, signal.severity, signal.side, signal.score) == (
        referral, "odd", "medium", "both", 30,
    )  # fmt: skip
    assert (signal.evidence, signal.occasion) == ("Something is odd.", "capture")
    buy(referral)
    buy(referral, 2)
    assert RiskSignal.objects.count() == 1


@pytest.mark.parametrize(("score", "review"), [(49, "clear"), (50, "flagged")])
def test_a_person_looks_from_the_review_score_on(checks, score, review):
    checks(odd={"score": score})
    referral = make_referral(make_program())
    assert (referral.review, referral.risk_score) == (review, score)


@pytest.mark.parametrize(("limit", "review"), [(60, "flagged"), (61, "clear")])
def test_the_score_adds_up_over_checks_and_the_host_sets_the_limit(checks, limit, review):
    checks({"FRAUD_REVIEW_SCORE": limit}, one={"score": 25}, two={"score": 35})
    assert make_referral(make_program()).review == review


def test_the_score_ends_at_a_hundred_and_takes_the_highest_of_each_check(checks):
    checks(one={"score": 80, "at": ["capture"]}, two={"score": 15, "at": ["capture"]})
    referral = make_referral(make_program())
    assert referral.risk_score == 95
    checks(one={"score": 85, "evidence": "More."}, two={"score": 5, "evidence": "Less."})
    buy(referral)
    assert (fresh(referral).risk_score, RiskSignal.objects.count()) == (100, 4)


def test_only_the_flagged_side_waits(checks):
    checks(odd={"side": "friend"})
    referral = make_referral(make_program(rules=PAID_AT_ONCE))
    buy(referral)
    assert states() == [("referrer", "reserved", []), ("friend", "pending", ["review"])]
    assert Payout.objects.count() == 1


def test_time_never_clears_a_flag(checks):
    checks(odd={})
    buy(make_referral(make_program(rules=PAID_AT_ONCE)))
    with time_machine.travel(timezone.now() + timedelta(days=3000)):
        mature_rewards()
    assert states() == [("referrer", "pending", ["review"]), ("friend", "pending", ["review"])]
    assert Referral.objects.get().review == "flagged"
    assert not Payout.objects.exists()


def test_a_later_finding_holds_what_is_pending_and_leaves_what_is_on_its_way(checks):
    rules = ({**PAID_AT_ONCE[0]}, {**PAID_AT_ONCE[1], "approval": "person"})
    checks()
    referral = make_referral(make_program(rules=rules))
    buy(referral)
    send_payout(payout_id=Payout.objects.get().pk)
    checks(odd={})
    buy(referral, 2)
    assert states() == [
        ("referrer", "reserved", []),
        ("friend", "pending", ["approval", "review"]),
        ("referrer", "pending", ["review"]),
        ("friend", "pending", ["approval", "review"]),
    ]
    change = RewardChange.objects.get(field="reason")
    assert (change.subject.side, change.from_state, change.to_state, change.reason) == ("friend", "", "review", "odd")


def test_approving_a_held_reward_does_not_pass_the_review(checks, staff):
    checks(odd={"side": "friend"})
    rules = ({**PAID_AT_ONCE[1], "approval": "person"},)
    (reward,) = buy(make_referral(make_program(rules=rules)))
    assert approve_reward(reward=reward, actor=staff)
    assert states() == [("friend", "pending", ["review"])]


def test_what_a_person_approved_is_not_flagged_again_by_the_same_finding(checks, staff):
    checks(odd={})
    referral = make_referral(make_program(rules=PAID_AT_ONCE))
    review_referral(referral=referral, approve=True, note="Known to us", actor=staff)
    buy(referral)
    assert fresh(referral).review == "approved"
    assert states() == [("referrer", "reserved", []), ("friend", "reserved", [])]


@pytest.mark.parametrize(
    "second",
    [
        {"other": {"side": "friend", "score": 1}},
        {"odd": {"side": "friend", "score": 51}},
        {"odd": {"side": "friend", "evidence": "Something else."}},
    ],
)
def test_something_new_after_an_approval_flags_its_side_again(checks, staff, second):
    checks(odd={"side": "friend"})
    referral = make_referral(make_program(rules=PAID_AT_ONCE))
    review_referral(referral=referral, approve=True, note="Known to us", actor=staff)
    checks(**second)
    buy(referral)
    assert fresh(referral).review == "flagged"
    assert states() == [("referrer", "reserved", []), ("friend", "pending", ["review"])]


def test_a_blocked_side_is_never_flagged_again_and_earns_nothing(checks, staff):
    checks(odd={"side": "friend"})
    referral = make_referral(make_program(rules=PAID_AT_ONCE))
    review_referral(referral=referral, approve=False, note="No", actor=staff, side="friend")
    assert fresh(referral).review == "approved"
    checks(other={"side": "friend"})
    buy(referral)
    assert fresh(referral).review == "approved"
    assert states() == [("referrer", "reserved", [])]


def test_a_check_that_fails_loses_no_sale_and_the_money_waits(checks, caplog):
    checks(broken=f"{__name__}.Breaks", missing="nowhere.Nothing")
    referral = make_referral(make_program(rules=PAID_AT_ONCE))
    buy(referral)
    assert Sale.objects.count() == 1
    assert states() == [("referrer", "pending", ["review"]), ("friend", "pending", ["review"])]
    assert list(RiskSignal.objects.filter(occasion="capture").values_list("check_name", "score", "evidence")) == [
        ("failed:broken", 50, "The check “broken” failed at capture. Please look for yourself."),
        ("failed:missing", 50, "The check “missing” failed at capture. Please look for yourself."),
    ]
    assert "ZeroDivisionError" in caplog.text


def test_facts_that_cannot_be_gathered_lose_no_friend(checks, monkeypatch, caplog):
    checks(odd={"score": 1})

    def fail(**given):
        raise RuntimeError("no database")

    monkeypatch.setattr("referral_blocks.fraud.engine.gather", fail)
    referral = make_referral(make_program())
    assert referral.review == "flagged"
    assert RiskSignal.objects.get().check_name == "failed:facts"
    assert "no database" in caplog.text


def test_a_failure_after_an_approval_flags_again(checks, staff):
    checks(broken=f"{__name__}.Breaks")
    referral = make_referral(make_program(rules=PAID_AT_ONCE))
    review_referral(referral=referral, approve=True, note="Fine", actor=staff)
    buy(referral)
    assert fresh(referral).review == "flagged"


def test_nothing_is_blocked_automatically_by_default(checks):
    assert Conf().FRAUD_BLOCK_SCORE is None
    checks(odd={"score": 100})
    assert make_referral(make_program()).review == "flagged"


@pytest.mark.parametrize(("score", "review"), [(89, "flagged"), (90, "blocked")])
def test_a_host_may_block_from_a_score_on(checks, score, review):
    checks({"FRAUD_BLOCK_SCORE": 90}, odd={"score": score})
    referral = make_referral(make_program(rules=PAID_AT_ONCE))
    assert referral.review == review
    assert len(buy(referral)) == (0 if review == "blocked" else 2)
    decided = list(ReviewDecision.objects.values_list("side", "decision", "automatic", "reason", "actor"))
    expected = [("both", "block", True, f"Blocked by its score of {score}.", None)]
    assert decided == (expected if review == "blocked" else [])


def test_blocking_at_a_sale_cancels_what_waits(checks):
    rules = ({**PAID_AT_ONCE[0], "approval": "person"},)
    checks({"FRAUD_BLOCK_SCORE": 90})
    referral = make_referral(make_program(rules=rules))
    buy(referral)
    checks(odd={"score": 90})
    assert buy(referral, 2) == []
    assert states() == [("referrer", "void", [])]
    assert fresh(referral).review == "blocked"
    assert unbalanced_entries() == []


def test_a_check_that_only_flags_adds_nothing_to_a_block(checks):
    checks({"FRAUD_BLOCK_SCORE": 90}, odd={"score": 89}, shared={"score": 50, "may_block": False})
    assert make_referral(make_program()).review == "flagged"


def test_a_failed_check_blocks_nobody(checks):
    checks({"FRAUD_BLOCK_SCORE": 50}, broken=f"{__name__}.Breaks")
    assert make_referral(make_program()).review == "flagged"


def test_a_persons_approval_is_not_overruled_by_a_score(checks, staff):
    checks({"FRAUD_BLOCK_SCORE": 90}, odd={"score": 89})
    referral = make_referral(make_program(rules=PAID_AT_ONCE))
    review_referral(referral=referral, approve=True, note="Fine", actor=staff)
    checks({"FRAUD_BLOCK_SCORE": 90}, odd={"score": 95, "evidence": "Worse."})
    buy(referral)
    assert fresh(referral).review == "flagged"


def test_twins_that_came_at_the_same_moment_are_found_at_the_sale(settings, checks):
    before = settings.REFERRAL_BLOCKS
    program = make_program(rules=PAID_AT_ONCE)
    link = make_link(program)
    checks()
    one, two = (make_referral(program, email=f"kim+{n}@example.com", link=link) for n in "ab")
    settings.REFERRAL_BLOCKS = before
    buy(one)
    buy(two, 2)
    assert (fresh(one).review, fresh(two).review) == ("clear", "flagged")
    assert set(RiskSignal.objects.filter(referral=two).values_list("check_name", "occasion")) >= {
        ("duplicate_friend", f"sale:{Sale.objects.get(referral=two).pk}")
    }


def test_evidence_is_in_the_sites_language_whatever_the_visitors(settings, monkeypatch):
    seen = []
    monkeypatch.setattr("referral_blocks.fraud.engine.override", lambda code: seen.append(code) or override(code))
    with override("de"):
        make_referral(make_program())
    assert seen == [settings.LANGUAGE_CODE]


def test_a_flag_shows_in_nothing_that_the_visitor_gets(client):
    """Same status, address, body and cookies for a friend on the blocked list and for any other."""
    program = make_program()
    make_landing_page(program)
    block_entry(site_id=program.site_id, kind="email", value="bad@example.com")
    code = make_link(program).code
    answers = []
    for email in ("good@example.com", "bad@example.com"):
        client.cookies.clear()
        typed = {"name": "Kim", "email": email, "code": code, "accept_terms": "on"}
        data = form_data(client, "/landing/", "/referrals/friend/", **typed)
        with time_machine.travel(time.time() + 5, tick=False):
            answer = client.post("/referrals/friend/", data)
        answers.append((answer.status_code, answer["Location"], answer.content, sorted(answer.cookies)))
    assert {r.friend.email: r.review for r in Referral.objects.select_related("friend")} == {
        "good@example.com": "clear",
        "bad@example.com": "flagged",
    }
    assert answers[0] == answers[1]
    assert answers[0][0] == 302


def test_the_referrer_hears_of_a_flagged_friend_only_in_the_queue_of_staff():
    program = make_program()
    block_entry(site_id=program.site_id, kind="domain", value="bad.example")
    link = make_link(program)
    one, two = (
        capture_referral(program=program, email=e, name="Kim", accept_terms=True, code=link.code)
        for e in ("kim@good.example", "lee@bad.example")
    )
    assert (one.created, two.created) == (True, True)
    assert [r.referral.stage for r in (one, two)] == ["captured", "captured"]
    assert [r.referral.review for r in (one, two)] == ["clear", "flagged"]
    assert Email.objects.filter(kind="friend_arrived").count() == 1


def test_screening_costs_the_same_queries_with_any_history(checks):
    checks(odd={"score": 60})
    program = make_program()
    link = make_link(program)

    def cost(number):
        with CaptureQueriesContext(connection) as captured:
            referral = capture_referral(
                program=program, email=f"f{number}@example.com", name="Kim", accept_terms=True, code=link.code
            ).referral
        with CaptureQueriesContext(connection) as bought:
            buy(referral, number)
        return len(captured), len(bought)

    cost(0)
    first = cost(1)
    for number in range(2, 12):
        cost(number)
    assert cost(12) == first


def test_a_sale_costs_the_same_queries_however_many_the_friend_made(checks, staff):
    program = make_program(rules=({**PAID_AT_ONCE[0], "sale_to": 1},))
    checks(odd={"score": 60})
    referral = make_referral(program)
    review_referral(referral=referral, approve=True, note="Fine", actor=staff)

    def cost(number):
        with CaptureQueriesContext(connection) as bought:
            buy(referral, number)
        return len(bought)

    cost(1)
    second = cost(2)
    for number in range(3, 10):
        cost(number)
    assert cost(10) == second
    assert PendingReason.objects.count() == 0
