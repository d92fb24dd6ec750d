"""A friend who was contacted, who asks to be taken out, or whom staff find not to qualify."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from referral_blocks.analytics.funnel import Period, funnels
from referral_blocks.analytics.standing import count_everything, standing_of
from referral_blocks.core.errors import InvalidInput, NotPossibleNow
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.join_group import join_group
from referral_blocks.flows.mature_rewards import expire_referrals, mature_rewards
from referral_blocks.flows.nurture_referral import nurture_referral
from referral_blocks.flows.open_group import open_group
from referral_blocks.flows.preview_rewards import SaleInput, preview_rewards
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.unqualify_referral import unqualify_referral
from referral_blocks.flows.withdraw_referral import withdraw_referral
from referral_blocks.groups.models import GroupMember, GroupOffer
from referral_blocks.ledger.selectors import balances
from referral_blocks.payouts.models import Payout
from referral_blocks.referrals.models import Referral, ReferralChange, Stage
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
AT_ONCE = {"trigger": "sign_up", "hold_days": 0, "approval": "automatic"}
SIGN_UP = (
    {**AT_ONCE, "side": "referrer", "title": "£5", "amount_minor": 500, "hold_days": 14},
    {**AT_ONCE, "side": "friend", "title": "50 points", "amount_minor": 50, "currency": "PTS", "method": "points"},
    {"side": "referrer", "title": "£20 gift", "amount_minor": 2000},
)
FINAL = ("unqualified", "expired", "withdrawn")


@pytest.fixture
def staff(django_user_model):
    return django_user_model.objects.create_user("staff")


@pytest.fixture
def referral():
    return make_referral(make_program(rules=SIGN_UP, credit_window_days=30))


def buy(referral, number="1"):
    sale = {"source": "api", "external_id": number, "friend_email": referral.friend.email}
    return record_sale(program=referral.program, amount="10", currency="GBP", **sale)


def stages(referral):
    return list(referral.changes.filter(field="stage").values_list("from_state", "to_state", "reason", "note", "actor"))


def rewards():
    return dict(Reward.objects.order_by("pk").values_list("title", "state"))


def pay_the_friend():
    send_payout(payout_id=Payout.objects.get(currency="PTS").pk)


def test_a_friend_who_withdraws_is_out_and_money_on_the_way_is_cancelled(referral):
    pay_the_friend()
    assert rewards() == {"£5": "pending", "50 points": "issued"}
    assert withdraw_referral(referral=referral)
    assert (Referral.objects.get().stage, stages(referral)) == (
        "withdrawn", [("captured", "withdrawn", "friend", "", None)],
    )  # fmt: skip
    assert rewards() == {"£5": "void", "50 points": "issued"}
    now = standing_of(referrer=referral.referrer)
    assert (now.friends, now.qualified, now.pending.amount_minor) == (1, 0, 0)
    row = referral.referrer.standing_row
    counted = count_everything(referrer=referral.referrer)
    assert {name: getattr(row, name) for name in counted} == counted
    (figures,) = funnels(period=Period())
    assert (figures.friends, figures.qualified, [cost.currency for cost in figures.costs]) == (1, 0, ["PTS"])
    assert {k: v for k, v in balances(program_id=referral.program_id).items() if v and k[1] == "GBP"} == {}
    assert check_ledger() == []


def test_leaving_twice_changes_nothing_more(referral, staff):
    assert withdraw_referral(referral=referral, reason="Moved away", actor=staff)
    assert not withdraw_referral(referral=referral, reason="Moved away", actor=staff)
    assert stages(referral) == [("captured", "withdrawn", "staff", "Moved away", staff.pk)]


def test_a_payout_that_nobody_has_begun_to_send_is_cancelled_too(referral):
    assert rewards()["50 points"] == "reserved"
    withdraw_referral(referral=referral)
    assert (rewards(), Payout.objects.get().state) == ({"£5": "void", "50 points": "void"}, "cancelled")
    assert check_ledger() == []


def test_staff_say_that_a_friend_does_not_qualify(referral, staff):
    nurture_referral(referral=referral, actor=staff)
    assert unqualify_referral(referral=referral, reason="Lives too far away", actor=staff)
    assert not unqualify_referral(referral=referral, reason="Lives too far away", actor=staff)
    assert stages(referral)[1:] == [("nurturing", "unqualified", "staff", "Lives too far away", staff.pk)]
    assert set(rewards().values()) == {"void"}


@pytest.mark.parametrize("leave", [withdraw_referral, unqualify_referral])
@pytest.mark.parametrize(("reason", "code"), [(" ", "required"), ("x" * 501, "too_long"), ("a\x00", "invalid_text")])
def test_staff_give_a_reason(referral, staff, leave, reason, code):
    with pytest.raises(InvalidInput) as refused:
        leave(referral=referral, reason=reason, actor=staff)
    assert (refused.value.code, refused.value.path) == (code, ("reason",))
    assert (Referral.objects.get().stage, ReferralChange.objects.count()) == ("captured", 0)


@pytest.mark.parametrize("reversed_", [False, True])
@pytest.mark.parametrize("leave", [withdraw_referral, unqualify_referral])
def test_who_is_or_was_a_customer_stays(referral, staff, leave, reversed_):
    buy(referral)
    if reversed_:
        given = {"source": "api", "external_id": "1", "reversal_id": "r"}
        reverse_sale(program=referral.program, kind="refund", **given)
    before = rewards()
    with pytest.raises(NotPossibleNow) as refused:
        leave(referral=referral, reason="No more", actor=staff)
    assert refused.value.code == "wrong_state"
    assert Referral.objects.get().stage == ("retracted" if reversed_ else "qualified")
    assert (rewards(), check_ledger()) == (before, [])


@pytest.mark.parametrize("final", FINAL)
def test_one_end_does_not_become_another(referral, staff, final):
    Referral.objects.update(stage=final)
    for leave, to in ((withdraw_referral, "withdrawn"), (unqualify_referral, "unqualified")):
        if final == to:
            assert not leave(referral=referral, reason="Again", actor=staff)
        else:
            with pytest.raises(NotPossibleNow):
                leave(referral=referral, reason="Again", actor=staff)
    with pytest.raises(NotPossibleNow):
        nurture_referral(referral=referral)
    assert (Referral.objects.get().stage, stages(referral)) == (final, [])


@pytest.mark.parametrize("leave", [withdraw_referral, unqualify_referral])
def test_a_sale_to_who_has_left_is_refused_and_foreseen(referral, staff, leave):
    leave(referral=referral, reason="No more", actor=staff)
    shown = preview_rewards(program=referral.program, sale=SaleInput("10"), friend_email="friend@example.com")[2]
    assert (shown.fires, shown.because) == (
        False, ("This friend is not in the programme any more: the sale would be refused.",),
    )  # fmt: skip
    before = Reward.objects.count()
    with pytest.raises(NotPossibleNow) as refused:
        buy(referral)
    assert (refused.value.code, refused.value.path) == ("wrong_state", ("friendEmail",))
    assert (Sale.objects.count(), Reward.objects.count()) == (0, before)


def test_who_has_left_stays_out_when_they_come_again(referral):
    withdraw_referral(referral=referral)
    again = make_referral(referral.program, link=referral.link)
    assert (again.pk, again.stage, Reward.objects.exclude(state="void").count()) == (referral.pk, "withdrawn", 0)


def test_a_place_in_an_open_group_is_free_again():
    program = make_program(rules=())
    link = make_link(program)
    offer = GroupOffer.objects.create(program=program, size=2, hours=48, title="Two")
    group = open_group(offer=offer, referrer=link.referrer)
    friends = [make_referral(program, email=f"f{n}@example.com", link=link) for n in range(3)]
    for one in friends[:2]:
        join_group(group=group, referral=one)
    with pytest.raises(NotPossibleNow):
        join_group(group=group, referral=friends[2])
    withdraw_referral(referral=friends[0])
    join_group(group=group, referral=friends[2])
    assert list(GroupMember.objects.order_by("place").values_list("place", "referral")) == [
        (1, friends[2].pk),
        (2, friends[1].pk),
    ]


def test_the_first_contact_is_noted_once(referral, staff):
    assert nurture_referral(referral=referral, note="Rang her", actor=staff)
    assert not nurture_referral(referral=referral)
    assert stages(referral) == [("captured", "nurturing", "contact", "Rang her", staff.pk)]
    assert Referral.objects.get().stage == "nurturing"
    with pytest.raises(InvalidInput) as refused:
        nurture_referral(referral=referral, note="x" * 501)
    assert (refused.value.code, refused.value.path) == ("too_long", ("note",))


def test_a_customer_is_not_nurtured_any_more(referral):
    buy(referral)
    with pytest.raises(NotPossibleNow):
        nurture_referral(referral=referral)
    assert [row[1] for row in stages(referral)] == ["qualified"]


def test_who_was_contacted_buys_and_earns_like_everybody(referral):
    nurture_referral(referral=referral)
    assert [reward.title for reward in buy(referral).rewards] == ["£20 gift"]
    referral.refresh_from_db()
    assert (referral.stage, referral.friend_number) == (Stage.QUALIFIED, 1)
    now = standing_of(referrer=referral.referrer)
    assert (now.friends, now.qualified) == (1, 1)


@pytest.mark.parametrize("contacted", [True, False])
def test_who_was_contacted_runs_out_of_time_like_everybody(referral, contacted):
    if contacted:
        nurture_referral(referral=referral)
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        assert expire_referrals() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert (expire_referrals(), expire_referrals()) == (1, 0)
        mature_rewards()
    assert Referral.objects.get().stage == "expired"
