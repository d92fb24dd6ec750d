"""Random stories of group deals: whatever is bought, given back, disputed, paid and refused, the books agree."""

from contextlib import suppress
from random import Random

import pytest

from referral_blocks.analytics.standing import count_everything
from referral_blocks.core.errors import DomainError
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.join_group import join_group
from referral_blocks.flows.open_group import open_group
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.withdraw_referral import withdraw_referral
from referral_blocks.groups.models import Group, GroupMember, GroupState
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale

from .test_groups import AT_ONCE, GROUP_RULES, buy, friend, give_back, make_group

pytestmark = pytest.mark.django_db
STEPS = 40
SALE_RULE = {"side": "referrer", "title": "Gift", "amount_minor": 200, "sale_to": None}
WHAT = ("buy", "buy", "buy", "join", "join", "open", "refund", "dispute", "won", "won", "pay", "pay", "flag", "decide")


class Story:
    def __init__(self, seed: int, staff) -> None:
        self.random, self.staff, self.number = Random(seed), staff, 0
        rules = tuple({**rule, **AT_ONCE} for rule in (*GROUP_RULES, SALE_RULE))
        self.group = make_group(size=2, rules=rules, budget_minor=9000)
        self.friends = [friend(self.group, f"f{n}") for n in range(4)]
        for referral in self.friends[:2]:
            self.join(referral)
            self.buy(referral)

    def step(self) -> None:
        what = self.random.choice(WHAT)
        referral = Referral.objects.get(pk=self.random.choice(self.friends).pk)
        with suppress(DomainError):  # refused in the product's own words
            getattr(self, what)(referral)

    def buy(self, referral) -> None:
        self.number += 1
        buy(self.group, referral.friend.email.partition("@")[0], external_id=f"s{self.number}")

    def join(self, referral) -> None:
        join_group(group=Group.objects.latest("pk"), referral=referral)

    def open(self, referral) -> None:
        open_group(referrer=self.group.opener, offer=self.group.offer)

    def back(self, kind: str, **given) -> None:
        if sales := list(Sale.objects.order_by("pk")):
            order = self.random.choice(sales).external_id
            give_back(self.group, order, kind=kind, reversal_id=f"r-{self.random.randint(1, 2)}", **given)

    def refund(self, referral) -> None:
        self.back("refund", amount=self.random.choice(["3.33", None]))

    def dispute(self, referral) -> None:
        self.back("dispute", amount=self.random.choice(["5", None, None]))

    def won(self, referral) -> None:
        self.back("dispute_won")

    def pay(self, referral) -> None:
        for pk in Payout.objects.filter(state="confirmed").order_by("pk").values_list("pk", flat=True)[:2]:
            send_payout(payout_id=pk)

    def flag(self, referral) -> None:
        if self.random.random() < 0.7:
            withdraw_referral(referral=referral)
        else:
            set_review(referral=referral, to=Review.FLAGGED, reason="test")

    def decide(self, referral) -> None:
        side = self.random.choice(["referrer", "friend", "both"])
        approve = self.random.random() < 0.7
        review_referral(referral=referral, approve=approve, note="Looked", actor=self.staff, side=side)

    def check(self) -> None:
        assert check_ledger() == []
        row = self.group.opener.standing_row
        row.refresh_from_db()
        counted = count_everything(referrer=self.group.opener)
        assert {name: getattr(row, name) for name in counted} == counted
        for group in Group.objects.filter(state=GroupState.COMPLETE):
            given = Reward.objects.filter(trigger_key=f"group:{group.pk}")
            assert given.count() in (0, group.size + 1)
            if GroupMember.objects.filter(group=group, bought_at=None).exists():
                assert all(r.state == "void" or r.clawed_minor == r.amount_minor for r in given)


@pytest.mark.parametrize("seed", range(8))
def test_the_books_agree_after_every_step_of_a_groups_story(seed, monkeypatch, django_user_model):
    outcomes = Random(seed)
    answers = (Outcome.PAID, Outcome.PAID, Outcome.PAID, Outcome.FAILED_FINAL)
    monkeypatch.setattr(ManualProvider, "send", lambda *_: PayoutResult(outcomes.choice(answers)))
    story = Story(seed, django_user_model.objects.create_user("staff"))
    for _ in range(STEPS):
        story.step()
        story.check()
    assert Group.objects.filter(state=GroupState.COMPLETE).exists()
