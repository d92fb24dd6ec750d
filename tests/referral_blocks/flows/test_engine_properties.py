"""Random stories, many steps long: whatever people, shops, staff and time do in whatever order, the money is right.

Each story runs in a savepoint that is rolled back, on whichever database the run uses. The stories are the same in each
run; RANDOM_STORIES=1 in the environment makes new ones.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.expire_points import expire_points
from referral_blocks.flows.expire_rewards import expire_rewards
from referral_blocks.flows.import_coupons import import_coupons
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.mature_rewards import mature_rewards
from referral_blocks.flows.nurture_referral import nurture_referral
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.redeem_points import redeem_points
from referral_blocks.flows.redeem_reward import redeem_reward
from referral_blocks.flows.release_hold import release_hold
from referral_blocks.flows.release_waiting import release_all_waiting, release_waiting
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.unqualify_referral import unqualify_referral
from referral_blocks.flows.void_reward import void_reward
from referral_blocks.flows.withdraw_referral import withdraw_referral
from referral_blocks.ledger.models import PointsLot
from referral_blocks.ledger.selectors import liability, points_balance
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import set_review
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.limits import spent
from referral_blocks.rewards.models import CouponList, Reward, RewardRule
from referral_blocks.rewards.services import hold_for_review
from referral_blocks.sales.models import Sale
from tests.make import make_program

from .story_looks import Enough, looks, statements_end_with_what_is_owed, the_books_are_right, writes

EXAMPLES, STEPS = int(os.environ.get("STORIES", "200")), 32
START = datetime(2026, 3, 20, 9, tzinfo=UTC)
AUTOMATIC = {"approval": "automatic", "hold_days": 0, "sale_to": None}
RULES: tuple[dict[str, Any], ...] = (
    {"side": "referrer", "title": "£20", "amount_minor": 2000, "hold_days": 14, "sale_to": None, "expires_days": 45},
    {"side": "referrer", "title": "Points", "amount_minor": 100, "currency": "PTS", "method": "points", **AUTOMATIC},
    {"side": "referrer", "title": "10%", "kind": "percentage", "amount_minor": 2500, "options": {"percent": "10"},
     **AUTOMATIC, "hold_days": 7, "limit_per_person": 3},
    {"side": "friend", "title": "£7", "amount_minor": 700, "stock": 6, "limit_per_person": 1, **AUTOMATIC},
    {"side": "referrer", "title": "Second friend", "amount_minor": 1500, "friend_from": 2, "friend_to": 2, **AUTOMATIC,
     "sale_to": 1},
)  # fmt: skip
COUPON = {"side": "friend", "title": "Coupon", "amount_minor": 300, "method": "coupon", **AUTOMATIC}
REFERRERS = ("ana@example.com", "ben@example.com")  # they have joined, and the first two friends are Ben’s
# Each referrer's own second address is among the friends: it is flagged.
FRIENDS = ("f1@example.com", "f2@example.com", "f3@example.com", "f4@example.com", "ana+2@example.com")
LOOKS = ("flag", "flag", "approve", "approve", "block", "contact", "contact", "withdraw", "unqualify")
PICK = st.integers(0, 999)  # taken modulo what there is, so that every story makes sense
seen: Counter[str] = Counter()


class Stories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.travel = time_machine.travel(START, tick=False)
        self.clock = self.travel.start()
        self.program = Program.objects.get()
        self.staff = get_user_model().objects.get()
        self.steps = -1  # what always holds is looked at once before the first step
        self.number = 0
        self.counters: dict[str, int] = {}
        self.stock = RewardRule.objects.get(stock__isnull=False).stock
        self.unseen = self.uncounted = True  # where nothing was written since the last look, it was looked at
        self.watch = connection.execute_wrapper(self.notice)
        self.watch.__enter__()

    def notice(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if writes(sql):
            self.unseen = self.uncounted = True
        return execute(sql, *rest)

    def teardown(self) -> None:
        seen["failed stories"] += isinstance(sys.exc_info()[1], Exception)
        try:
            the_books_are_right()
            statements_end_with_what_is_owed(self.program)
        except Exception:
            seen["failed stories"] += 1
            raise
        finally:
            seen["stories"] += 1
            seen["full stories"] += self.steps >= 30
            seen["steps"] += self.steps
            self.travel.stop()
            self.watch.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)
        if seen["full stories"] >= EXAMPLES and not seen["failed stories"]:
            raise Enough

    def do(self, what: str, work: Callable[[], Any]) -> Any:
        """A refusal in the product's own words is fine; anything else is not."""
        self.number += 1
        self.program.refresh_from_db()
        seen[what] += 1
        try:
            return work()
        except DomainError as refusal:
            seen[f"{what}: {refusal.code}"] += 1
            return None

    @staticmethod
    def one(rows: Any, pick: int) -> Any:
        rows = list(rows.order_by("pk"))
        return rows[pick % len(rows)] if rows else None

    # What people and shops do

    # One rule for both: joining again changes nothing, and would take the place of steps that do.
    @rule(who=st.sampled_from((*REFERRERS, *FRIENDS)), pick=PICK)
    def join_or_capture(self, who: str, pick: int) -> None:
        if who in REFERRERS:
            self.do("join", lambda: join_program(program=self.program, email=who, name="Ana B", accept_terms=True))
        else:
            self._capture(who, pick)

    def _capture(self, friend: str, pick: int) -> None:
        code = self.one(Referrer.objects.all(), pick).links.first().code
        given = {"email": friend, "name": "Kim", "accept_terms": True, "code": code}
        self.do("capture", lambda: capture_referral(program=self.program, **given))

    @rule(pick=PICK, pounds=st.integers(1, 300), pence=st.integers(0, 99))
    def buy(self, pick: int, pounds: int, pence: int) -> None:
        self._buy(pick, f"{pounds}.{pence:02}")

    def _buy(self, pick: int, amount: str) -> None:
        friend = self.one(Referral.objects.all(), pick).friend.email
        sale = {"source": "api", "external_id": f"s{self.number + 1}", "friend_email": friend, "currency": "GBP"}
        self.do("sale", lambda: record_sale(program=self.program, amount=amount, occurred_at=self.now(), **sale))

    # Twice, so that most stories have sales: each story leaves some kinds of step out.
    @rule(pick=PICK, pounds=st.integers(1, 300))
    def buy_in_round_pounds(self, pick: int, pounds: int) -> None:
        self._buy(pick, f"{pounds}.00")

    @precondition(lambda self: Sale.objects.exists())
    @rule(pick=PICK)
    def deliver_again(self, pick: int) -> None:
        sale = self.one(Sale.objects.select_related("referral__friend"), pick)
        again = self.do("delivery again", lambda: record_sale(
            program=self.program, source="api", external_id=sale.external_id, friend_email=sale.referral.friend.email,
            amount=str(sale.amount.decimal), currency="GBP", occurred_at=sale.occurred_at,
        ))  # fmt: skip
        assert again is None or not again.created

    @precondition(lambda self: Sale.objects.exists())
    @rule(pick=PICK, kind=st.sampled_from(["refund", "dispute"]), share=st.sampled_from([10, 33, 50, 100]))
    def reverse(self, pick: int, kind: str, share: int) -> None:
        sale = self.one(Sale.objects.all(), pick)
        minor = sale.amount_minor * share // 100
        amount = f"{minor // 100}.{minor % 100:02}" if share < 100 else None
        self._reverse(sale, kind, amount, f"{kind}{self.number}")

    @precondition(lambda self: Sale.objects.filter(reversals__kind="dispute").exists())
    @rule(pick=PICK)
    def win_dispute(self, pick: int) -> None:
        sale = self.one(Sale.objects.filter(reversals__kind="dispute").distinct(), pick)
        dispute = self.one(sale.reversals.filter(kind="dispute"), pick)
        self._reverse(sale, "dispute_won", None, dispute.external_id)

    def _reverse(self, sale: Sale, kind: str, amount: str | None, number: str) -> None:
        about = {"program": self.program, "source": "api", "external_id": sale.external_id, "occurred_at": self.now()}
        self.do(kind, lambda: reverse_sale(kind=kind, amount=amount, reversal_id=number, **about))

    @precondition(lambda self: PointsLot.objects.exists())
    @rule(pick=PICK, points=st.integers(1, 150), number=st.integers(1, 5))
    def redeem(self, pick: int, points: int, number: int) -> None:
        person = self.one(Person.objects.filter(points_lots__isnull=False).distinct(), pick)
        given = {"person": person, "points": points, "redemption_id": str(number)}
        self.do("redeem", lambda: redeem_points(program=self.program, **given))

    # What staff do

    @precondition(lambda self: Reward.objects.exists())
    @rule(pick=PICK)
    def approve(self, pick: int) -> None:
        reward = self.one(Reward.objects.filter(pending_reasons__reason="approval"), pick)
        if reward is not None:
            self.do("approve", lambda: approve_reward(reward=reward, actor=self.staff))

    @precondition(lambda self: Reward.objects.exists())
    @rule(pick=PICK)
    def end_hold(self, pick: int) -> None:
        reward = self.one(Reward.objects.filter(pending_reasons__reason="hold"), pick)
        if reward is not None:
            self.do("end hold", lambda: release_hold(reward=reward, actor=self.staff, note="Known"))

    @precondition(lambda self: Reward.objects.exists())
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        reward = self.one(Reward.objects.all(), pick)
        self.do("cancel", lambda: void_reward(reward=reward, reason="test", actor=self.staff))

    @rule(pick=PICK, step=st.sampled_from(LOOKS), side=st.sampled_from(["referrer", "friend", "both"]))
    def look_at_a_friend(self, pick: int, step: str, side: str) -> None:
        referral = self.one(Referral.objects.all(), pick)
        by = {"referral": referral, "actor": self.staff}
        if step in ("flag", "approve", "block"):
            self.do("flag", lambda: self._flag(referral))
        if step in ("approve", "block"):
            given = {**by, "approve": step == "approve", "side": side, "note": "Looked"}
            self.do(f"{step} {side}", lambda: review_referral(**given))
        elif step == "contact":
            self.do(step, lambda: nurture_referral(**by))
        elif step != "flag":
            leave = withdraw_referral if step == "withdraw" else unqualify_referral
            self.do(step, lambda: leave(reason="Test", **by))

    def _flag(self, referral: Referral) -> None:
        """As a check does that has found something: new rewards of both sides wait, and those that wait already."""
        set_review(referral=referral, to="flagged", reason="test")
        for reward in Reward.objects.filter(referral=referral, state="pending"):
            hold_for_review(reward=reward, cause="test")

    @rule(budget=st.sampled_from([None, 0, 3000, 9000, 20000]), cap=st.sampled_from([None, 2500, 6000]))
    def change_limits(self, budget: int | None, cap: int | None) -> None:
        Program.objects.update(budget_minor=budget, referrer_cap_minor=cap)
        self.do("limits", lambda: release_waiting(program=self.program))

    @rule(more=st.integers(1, 3))
    def restock(self, more: int) -> None:
        RewardRule.objects.filter(stock__isnull=False).update(stock=F("stock") + more)
        self.stock += more
        codes = "\n".join(f"C{self.number}-{n}" for n in range(more))
        self.do("restock", lambda: import_coupons(coupon_list=CouponList.objects.get(), text=codes))

    # What the worker and the provider do

    @precondition(lambda self: Payout.objects.exists())
    @rule(pick=PICK, answer=st.sampled_from(["accepted", "accepted", "failed_retryable", "failed_final", "unknown"]))
    def send(self, pick: int, answer: str) -> None:
        payout = self.one(Payout.objects.exclude(state__in=["sent", "paid", "failed_final"]), pick)
        if payout is None:
            return
        # The manual provider gives the story's answer; what it accepts is on the staff's list.
        refuse = mock.patch.object(ManualProvider, "send", lambda *_: PayoutResult(Outcome(answer)))
        if answer == "accepted":
            self.do("send", lambda: send_payout(payout_id=payout.pk))
        else:
            with refuse:
                self.do(f"send, {answer}", lambda: send_payout(payout_id=payout.pk))

    @precondition(lambda self: Handover.objects.exists())
    @rule(pick=PICK)
    def hand_over(self, pick: int) -> None:
        waiting = Handover.objects.filter(handed_over_at=None)
        for handover in list(waiting[:2]) or [self.one(Handover.objects.all(), pick)]:
            self.do("hand over", lambda one=handover: mark_handed_over(handover=one, actor=self.staff))

    @precondition(lambda self: Reward.objects.filter(state="issued").exists())
    @rule(pick=PICK)
    def use(self, pick: int) -> None:
        reward = self.one(Reward.objects.exclude(issued_at=None), pick)
        self.do("use", lambda: redeem_reward(reward=reward, actor=self.staff))

    @rule(days=st.sampled_from([1, 5, 8, 15, 31]))
    def time_passes(self, days: int) -> None:
        self.clock.shift(timedelta(days=days))

    @rule(late=st.booleans())
    def worker_runs(self, late: bool) -> None:
        for _ in range(1 if late else 2):
            for pk in Payout.objects.filter(state="confirmed").values_list("pk", flat=True):
                self.do("worker sends", lambda pk=pk: send_payout(payout_id=pk))
            for task in (mature_rewards, expire_rewards, expire_points, release_all_waiting):
                self.do("tasks", task)

    def now(self) -> datetime:
        return START + (datetime.now(UTC) - START)

    # What always holds

    @invariant()
    def what_always_holds(self) -> None:
        """The books after every third step and after the last: what is counted wrongly once stays wrong."""
        self.steps += 1
        if self.unseen:
            self.no_reward_is_issued_twice()
            self.no_limit_is_passed()
            self.nobody_has_more_than_a_rule_gives()
            self.nothing_is_owed_or_paid_beyond_the_budget()
            self.points_are_never_below_zero()
            self.unseen = False
        if self.steps % 3 == 0 and self.uncounted:
            the_books_are_right()
            self.uncounted = False

    def no_reward_is_issued_twice(self) -> None:
        assert looks().paid_for_twice() == []
        assert looks().paid_twice() == []
        assert set(looks().issued()) == set(looks().paid())

    def no_limit_is_passed(self) -> None:
        """What is above a limit that was lowered may stay, and never grows."""
        ((budget, cap),) = looks().limits()
        now = dict(looks().counters())
        for key, amount in now.items():
            limit = budget if key == "budget" else cap
            before = self.counters.get(key, 0)
            assert limit is None or amount <= max(limit, before), (key, before, amount, limit)
        self.counters = now
        ((stock,),) = looks().stock()
        assert stock + len(looks().taken()) == self.stock
        assert len(looks().coupons()) == len(looks().coupon_rewards())

    def nobody_has_more_than_a_rule_gives(self) -> None:
        assert looks().beyond_limit() == []
        assert looks().reached_twice() == []

    def nothing_is_owed_or_paid_beyond_the_budget(self) -> None:
        for line in liability(program_id=self.program.pk):
            if line.currency == self.program.currency:
                given = line.payable + line.in_transit + line.paid - min(line.clawed_back, 0)
                assert given <= spent(program_id=self.program.pk)

    def points_are_never_below_zero(self) -> None:
        for person_id, left in looks().points():
            assert points_balance(program_id=self.program.pk, person_id=person_id) == left >= 0


@pytest.mark.django_db
@pytest.mark.timeout(900)
def test_the_money_is_right_in_every_story():
    with time_machine.travel(START):
        program = make_program(rules=RULES, budget_minor=9000, referrer_cap_minor=6000, referrer_cap_period="month")
        coupons = CouponList.objects.create(program=program, name="Summer")
        RewardRule.objects.create(program=program, coupon_list=coupons, **COUPON)
        import_coupons(coupon_list=coupons, text="A1\nB2\nC3")
        get_user_model().objects.create_user("staff")
        for who in REFERRERS:
            code = join_program(program=program, email=who, name="Ana B", accept_terms=True).link.code
        for friend in FRIENDS[:2]:
            capture_referral(program=program, email=friend, name="Kim", accept_terms=True, code=code)
    seen.clear()
    looks.cache_clear()
    rb = {"POINTS_EXPIRE_DAYS": 20, "RATE_LIMITS_ENABLED": False}
    random = bool(os.environ.get("RANDOM_STORIES"))
    with pytest.MonkeyPatch.context() as patch, suppress(Enough):
        patch.setattr("django.conf.settings.REFERRAL_BLOCKS", rb)
        run_state_machine_as_test(
            Stories,
            settings=settings(
                max_examples=EXAMPLES * 2,  # every sixth story ends early
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=not random,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            ),
        )
    print("\n".join(f"{count:7} {what}" for what, count in sorted(seen.items())))
    assert not seen["failed stories"]
    assert seen["full stories"] >= EXAMPLES
