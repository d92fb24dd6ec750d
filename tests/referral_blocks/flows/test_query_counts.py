"""What staff and shops do costs the same number of queries, however long the history is."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.attribute_referral import attribute_referral
from referral_blocks.flows.change_program import change_program
from referral_blocks.flows.import_coupons import import_coupons
from referral_blocks.flows.join_group import join_group
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.nurture_referral import nurture_referral
from referral_blocks.flows.open_group import open_group
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.redeem_points import redeem_points
from referral_blocks.flows.redeem_reward import redeem_reward
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.set_reward_rule import set_reward_rule
from referral_blocks.flows.unqualify_referral import unqualify_referral
from referral_blocks.flows.void_reward import void_reward
from referral_blocks.flows.withdraw_referral import withdraw_referral
from referral_blocks.groups.models import Group, GroupOffer
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import CouponList, Reward, RewardRule
from referral_blocks.rewards.offers import RuleInput
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
EACH = {"side": "referrer", "hold_days": 0, "approval": "automatic", "sale_to": None}
RULES = (
    {**EACH, "title": "£20 gift", "amount_minor": 2000},
    {**EACH, "title": "10 points", "amount_minor": 10, "currency": "PTS", "method": "points"},
    {**EACH, "title": "£5 for the group", "amount_minor": 500, "trigger": "group"},
)


@pytest.fixture
def story():
    return Story()


class Story:
    """One referrer whose friends buy and whose points come."""

    def __init__(self) -> None:
        self.program = make_program(rules=RULES)
        self.link = make_link(self.program)
        self.staff = User.objects.create_user("sam")
        self.number = 0
        self.coupons = CouponList.objects.create(program=self.program, name="Summer")
        self.grow(2)

    def friend(self) -> Referral:
        self.number += 1
        return make_referral(self.program, email=f"f{self.number}@example.com", link=self.link)

    def buy(self, referral: Referral, order: str = "1") -> None:
        record_sale(
            program=self.program, source="api", external_id=f"{referral.pk}-{order}",
            friend_email=referral.friend.email, amount="100", currency="GBP",
        )  # fmt: skip

    def grow(self, friends: int) -> None:
        for _ in range(friends):
            self.buy(self.friend())
        for pk in Payout.objects.filter(state="confirmed").values_list("pk", flat=True):
            send_payout(payout_id=pk)

    def flagged(self) -> Referral:
        referral = self.friend()
        set_review(referral=referral, to="flagged", reason="test")
        self.buy(referral)
        return referral

    # Each prepares what it needs and returns the step that is counted.

    def redeem(self) -> Callable[[], object]:
        self.number += 1
        person, key = self.link.referrer.person, str(self.number)
        return lambda: redeem_points(program=self.program, person=person, points=5, redemption_id=key)

    def approve(self) -> Callable[[], object]:
        referral = self.flagged()
        return lambda: review_referral(referral=referral, approve=True, note="Fine", actor=self.staff)

    def block(self) -> Callable[[], object]:
        referral = self.flagged()
        return lambda: review_referral(referral=referral, approve=False, note="Same person", actor=self.staff)

    def attribute(self) -> Callable[[], object]:
        self.number += 1
        given = {"email": f"new{self.number}@example.com", "name": "New", "reason": "Told us", "actor": self.staff}
        return lambda: attribute_referral(program=self.program, referrer=self.link.referrer, **given)

    def pause(self) -> Callable[[], object]:
        change_program(program=self.program, status="live", reason="Go", actor=self.staff)
        return lambda: change_program(program=self.program, status="paused", reason="Stop", actor=self.staff)

    def change_rule(self) -> Callable[[], object]:
        rule = RewardRule.objects.order_by("pk").first()
        given = RuleInput(side="referrer", title="£20 gift", amount="20", sale_to=None)
        return lambda: set_reward_rule(program=self.program, given=given, rule=rule)

    def join(self) -> Callable[[], object]:
        self.number += 1
        given = {"email": f"r{self.number}@example.com", "name": "New", "accept_terms": True}
        return lambda: join_program(program=self.program, **given)

    def join_again(self) -> Callable[[], object]:
        given = {"email": self.link.referrer.person.email, "name": "Robin", "accept_terms": True}
        return lambda: join_program(program=self.program, **given)

    def capture(self) -> Callable[[], object]:
        return self.friend

    def contact(self) -> Callable[[], object]:
        referral = self.friend()
        return lambda: nurture_referral(referral=referral, actor=self.staff)

    def withdraw(self) -> Callable[[], object]:
        referral = self.friend()
        return lambda: withdraw_referral(referral=referral)

    def unqualify(self) -> Callable[[], object]:
        referral = self.friend()
        return lambda: unqualify_referral(referral=referral, reason="Too far away", actor=self.staff)

    def gift(self, state: str) -> Reward:
        """A new friend's gift: reserved while its payout is under way, issued once it was handed over."""
        self.buy(self.friend())
        reward = Reward.objects.filter(method="manual").latest("pk")
        if state == "issued":
            send_payout(payout_id=reward.payout_items.get().payout_id)
            mark_handed_over(handover=Handover.objects.latest("pk"), actor=self.staff)
        return reward

    def send(self) -> Callable[[], object]:
        payout_id = self.gift("reserved").payout_items.get().payout_id
        return lambda: send_payout(payout_id=payout_id)

    def hand_over(self) -> Callable[[], object]:
        self.send()()
        return lambda: mark_handed_over(handover=Handover.objects.latest("pk"), actor=self.staff)

    def use(self) -> Callable[[], object]:
        reward = self.gift("issued")
        return lambda: redeem_reward(reward=reward, actor=self.staff)

    def waiting(self) -> Reward:
        RewardRule.objects.filter(method="manual").update(approval="person")
        self.buy(self.friend())
        RewardRule.objects.update(approval="automatic")
        return Reward.objects.filter(method="manual").latest("pk")

    def approve_reward(self) -> Callable[[], object]:
        reward = self.waiting()
        return lambda: approve_reward(reward=reward, actor=self.staff)

    def cancel(self) -> Callable[[], object]:
        reward = self.waiting()
        return lambda: void_reward(reward=reward, reason="test", actor=self.staff)

    def group(self) -> Group:
        """Each for an offer of its own: of one offer a referrer has one group open at a time."""
        self.number += 1
        offer = GroupOffer.objects.create(program=self.program, title=f"Two together, {self.number}", size=2)
        return open_group(referrer=self.link.referrer, offer=offer)

    def join_group(self) -> Callable[[], object]:
        group, referral = self.group(), self.friend()
        return lambda: join_group(group=group, referral=referral)

    def complete_group(self) -> Callable[[], object]:
        group, one, two = self.group(), self.friend(), self.friend()
        for referral in (one, two):
            join_group(group=group, referral=referral)
        self.buy(one)
        return lambda: self.buy(two)


STEPS = (
    "redeem", "approve", "block", "attribute", "pause", "change_rule", "join", "join_again", "capture", "contact",
    "withdraw", "unqualify", "send", "hand_over", "use", "approve_reward", "cancel", "join_group", "complete_group",
)  # fmt: skip


def queries_of(story: Story, step: str) -> int:
    """What the step costs after a first one of its kind, which makes counters and caches; nothing of it stays."""
    with transaction.atomic():
        for _time in range(2):
            work = getattr(story, step)()
            with CaptureQueriesContext(connection) as queries:
                work()
        transaction.set_rollback(True)
    story.program.refresh_from_db()
    return len(queries)


def test_each_step_costs_the_same_whatever_the_history(story):
    few = {step: queries_of(story, step) for step in STEPS}
    story.grow(12)
    assert {step: queries_of(story, step) for step in STEPS} == few


def test_a_code_more_costs_no_query_more(story, django_assert_num_queries):
    import_coupons(coupon_list=story.coupons, text="first")
    with CaptureQueriesContext(connection) as few:
        import_coupons(coupon_list=story.coupons, text="a1\na2")
    with django_assert_num_queries(len(few)):
        import_coupons(coupon_list=story.coupons, text="\n".join(f"b{n}" for n in range(200)))


def test_a_limit_a_person_is_asked_without_counting_the_whole_history(story):
    RewardRule.objects.filter(title="£20 gift").update(limit_per_person=3)
    story.grow(3)
    referral = story.friend()
    with CaptureQueriesContext(connection) as queries:
        story.buy(referral)
    counts = [q["sql"] for q in queries if "COUNT(" in q["sql"] and 'FROM "referral_blocks_reward"' in q["sql"]]
    assert (counts, RewardRule.objects.get(title="£20 gift").rewards.count()) == ([], 3)
