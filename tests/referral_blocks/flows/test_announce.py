"""What happens is written down in the transaction that does it, with ids only."""

from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from referral_blocks.activity.kinds import Kind
from referral_blocks.activity.models import Activity
from referral_blocks.flows.change_program import change_program
from referral_blocks.flows.create_link import create_link
from referral_blocks.flows.join_group import join_group
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.nurture_referral import nurture_referral
from referral_blocks.flows.open_group import open_group
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.redeem_points import redeem_points
from referral_blocks.flows.redeem_reward import redeem_reward
from referral_blocks.flows.release_waiting import release_waiting
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.void_reward import void_reward
from referral_blocks.flows.withdraw_referral import withdraw_referral
from referral_blocks.groups.models import GroupOffer
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.programs.models import Program
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import Reward
from tests.limits import FIVER, prepare, waits
from tests.limits import buy as buy_at
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
EACH = {"side": "referrer", "hold_days": 0, "approval": "automatic", "sale_to": None}
GIFT = {**EACH, "title": "£20 gift", "amount_minor": 2000}
POINTS = {**EACH, "title": "10 points", "amount_minor": 10, "currency": "PTS", "method": "points"}


class Heard:
    """Which kinds were announced since the last question."""

    def __init__(self):
        self.last = 0

    def __call__(self):
        rows = list(Activity.objects.filter(pk__gt=self.last).order_by("pk"))
        self.last = rows[-1].pk if rows else self.last
        return [str(row.kind) for row in rows]


@pytest.fixture
def heard():
    return Heard()


def buy(referral, order="1"):
    return record_sale(
        program=referral.program, source="api", external_id=f"{referral.pk}-{order}",
        friend_email=referral.friend.email, amount="100", currency="GBP",
    )  # fmt: skip


def test_a_gift_from_the_first_click_to_the_counter(heard):
    staff = User.objects.create_user("sam")
    link = make_link(make_program(rules=(GIFT,)))
    assert heard() == ["referrer.joined"]
    referral = make_referral(link.referrer.program, link=link)
    nurture_referral(referral=referral, actor=staff)
    assert heard() == ["referral.captured", "referral.nurtured"]
    sale = buy(referral).sale
    earned = ["reward.created", "reward.approved", "reward.reserved", "payout.confirmed"]
    assert heard() == ["referral.qualified", *earned, "sale.recorded"]
    buy(referral)  # delivered twice
    assert heard() == []
    send_payout(payout_id=Payout.objects.get().pk)
    assert heard() == ["payout.sent"]
    mark_handed_over(handover=Handover.objects.get(), actor=staff)
    assert heard() == ["reward.issued", "payout.paid"]
    redeem_reward(reward=Reward.objects.get(), actor=staff)
    assert heard() == ["reward.redeemed"]
    reverse_sale(program=referral.program, source="api", external_id=sale.external_id, reversal_id="r", kind="refund")
    assert heard() == ["reward.clawed_back", "referral.retracted", "sale.reversed"]


def test_points_come_and_go(heard):
    link = make_link(make_program(rules=(POINTS,)))
    buy(make_referral(link.referrer.program, link=link))
    send_payout(payout_id=Payout.objects.get().pk)
    assert Counter(heard())["points.changed"] == 1
    program, person = link.referrer.program, link.referrer.person
    redeem_points(program=program, person=person, points=5, redemption_id="a")
    redeem_points(program=program, person=person, points=5, redemption_id="a")
    assert heard() == ["points.changed"]


def test_a_review_is_told_to_the_site(heard):
    staff = User.objects.create_user("sam")
    link = make_link(make_program(rules=({**GIFT, "approval": "person"},)))
    referral = make_referral(link.referrer.program, link=link)
    set_review(referral=referral, to="flagged", reason="test")
    buy(referral)
    heard()
    review_referral(referral=referral, approve=True, note="Fine", actor=staff)
    assert heard() == ["referral.reviewed", "reward.changed"]
    void_reward(reward=Reward.objects.get(), reason="test", actor=staff)
    assert heard() == ["reward.voided"]


def test_groups_codes_programmes_and_friends_who_leave(heard):
    staff = User.objects.create_user("sam")
    program = make_program(rules=())
    link = make_link(program)
    offer = GroupOffer.objects.create(program=program, title="Two together", size=2)
    one, two = (make_referral(program, email=f"{n}@example.com", link=link) for n in "ab")
    heard()
    group = open_group(referrer=link.referrer, offer=offer)
    join_group(group=group, referral=one)
    withdraw_referral(referral=one)
    assert heard() == ["group.opened", "group.joined", "referral.withdrawn", "group.left"]
    create_link(referrer=link.referrer, code="ROBIN-2026")
    create_link(referrer=link.referrer, code="ROBIN-2026")
    assert heard() == ["link.created"]
    change_program(program=program, status="paused", reason="Stop", actor=staff)
    assert heard() == ["program.changed"]
    assert two.stage == "captured"


def test_a_friend_who_shares_too_hears_of_what_they_earned_by_being_invited():
    """Their page shows it beside their own rewards; the one who invited them hears nothing of it."""
    link = make_link(make_program(rules=({**GIFT, "side": "friend"},)))
    referral = make_referral(link.referrer.program, link=link)
    friend = make_link(link.referrer.program, email=referral.friend.email).referrer
    assert friend.person_id == referral.friend_id
    buy(referral)
    send_payout(payout_id=Payout.objects.get().pk)
    theirs = Activity.objects.filter(subject_type__in=["reward", "payout"])
    assert Counter(theirs.values_list("kind", "referrer")) == {
        (kind, friend.pk): 1
        for kind in ("reward.created", "reward.approved", "reward.reserved", "payout.confirmed", "payout.sent")
    }


def test_a_reward_that_waits_for_less_than_before_has_changed(heard):
    program = prepare(2, rules=[{**FIVER, "approval": "person"}], budget_minor=500)
    _first, second = (buy_at(program, n).rewards[0] for n in range(2))
    assert waits(second) == {"approval", "budget"}
    heard()
    release_waiting(program=program)
    assert heard() == []
    Program.objects.update(budget_minor=1000)
    release_waiting(program=program)
    assert (waits(second), heard()) == ({"approval"}, ["reward.changed"])


def test_what_is_rolled_back_was_never_said():
    link = make_link(make_program())
    before = Activity.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        buy(make_referral(link.referrer.program, link=link))
        raise ZeroDivisionError
    assert Activity.objects.count() == before


def test_a_row_says_whose_and_what_by_ids_alone():
    link = make_link(make_program())
    referral = make_referral(link.referrer.program, link=link)
    row = Activity.objects.get(kind=Kind.REFERRAL_CAPTURED)
    assert (row.site_id, row.program_id, row.referrer_id) == (
        referral.program.site_id,
        referral.program_id,
        link.referrer.pk,
    )
    assert (row.subject_type, row.subject_id) == ("referral", str(referral.public_id))
    texts = [f.name for f in Activity._meta.concrete_fields if f.get_internal_type() in ("CharField", "TextField")]
    assert texts == ["kind", "subject_type", "subject_id"]
