from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.complete_group import ungroup_sale
from referral_blocks.flows.expire_groups import expire_groups
from referral_blocks.flows.join_group import join_group, join_group_by_email
from referral_blocks.flows.open_group import open_group
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.groups.models import Group, GroupChange, GroupMember, GroupOffer, GroupState
from referral_blocks.people.models import Person
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrals.services import set_review
from referral_blocks.rewards.models import PendingReason, Reason, Reward
from tests.make import make_link, make_program, make_referral
from tests.reversals import accounts, pay

pytestmark = pytest.mark.django_db
GROUP_RULES = (
    {"side": "referrer", "title": "Group prize", "amount_minor": 3000, "trigger": "group"},
    {"side": "friend", "title": "Group price", "amount_minor": 500, "trigger": "group"},
)


def make_offer(program, **fields):
    return GroupOffer.objects.create(program=program, **{"title": "Three together", "size": 3, "hours": 72, **fields})


def make_group(*, size=3, rules=GROUP_RULES, **fields):
    program = make_program(rules=rules, **fields)
    return open_group(referrer=make_link(program).referrer, offer=make_offer(program, size=size))


def friend(group, name):
    link = group.opener.links.get(is_primary=True)
    return make_referral(group.offer.program, email=f"{name}@example.com", link=link)


def joined(group, *names):
    return [join_group(group=group, referral=friend(group, name)) for name in names]


def buy(group, name, **given):
    sale = {"source": "api", "external_id": name, "amount": "10", "currency": "GBP"}
    return record_sale(program=group.offer.program, friend_email=f"{name}@example.com", **{**sale, **given})


def refused(work, **given):
    with pytest.raises(DomainError) as error:
        work(**given)
    return error.value.code


def test_an_open_group_has_the_offers_size_and_time():
    with time_machine.travel("2026-11-02T10:00:00Z", tick=False):
        group = make_group(size=3)
        assert (group.state, group.size, group.deadline - timezone.now()) == ("open", 3, timedelta(hours=72))


def test_a_referrer_has_one_open_group_an_offer():
    group = make_group()
    assert refused(open_group, referrer=group.opener, offer=group.offer) == "too_many_groups"
    other = open_group(referrer=group.opener, offer=make_offer(group.offer.program))
    assert Group.objects.count() == 2
    assert other.offer != group.offer


def test_a_group_whose_time_is_over_makes_room_for_the_next_before_the_clock_comes_by():
    group = make_group()
    with time_machine.travel(group.deadline):
        open_group(referrer=group.opener, offer=group.offer)
    assert sorted(Group.objects.values_list("state", flat=True)) == ["expired", "open"]


@pytest.mark.parametrize(
    ("given", "code"), [({"active": False}, "offer_closed"), ({"program": None}, "not_found"), ({}, "program_closed")]
)
def test_a_group_that_may_not_be_opened_is_refused_and_nothing_is_written(given, code):
    program = make_program()
    referrer = make_link(program).referrer
    offer = make_offer(program)
    if "program" in given:
        offer = make_offer(make_program(slug="other"))
    elif given:
        GroupOffer.objects.update(**given)
        offer.refresh_from_db()
    else:
        referrer.program.status = ProgramStatus.PAUSED
        referrer.program.save()
    assert refused(open_group, referrer=referrer, offer=offer) == code
    assert not Group.objects.exists()


def test_friends_take_places_one_after_the_other_and_joining_twice_gives_the_same_one():
    group = make_group(size=2)
    one, two = joined(group, "one", "two")
    assert (one.place, two.place) == (1, 2)
    assert join_group(group=group, referral=one.referral) == one
    assert GroupMember.objects.count() == 2


def test_a_stranger_becomes_a_friend_of_the_opener_and_joins_in_one_step():
    group = make_group()
    member = join_group_by_email(group=group, email="kim@example.com", name="Kim", accept_terms=True).member
    assert (member.place, member.referral.referrer, member.referral.attribution_method) == (1, group.opener, "code")


def test_a_full_group_takes_nobody_and_leaves_no_trace_of_the_stranger():
    group = make_group(size=1)
    joined(group, "one")
    assert (
        refused(join_group_by_email, group=group, email="late@example.com", name="Late", accept_terms=True)
        == "group_full"
    )
    assert not Person.objects.filter(email="late@example.com").exists()
    assert GroupMember.objects.count() == 1


def test_who_comes_after_the_deadline_is_late_whether_the_clock_came_by_or_not():
    group = make_group()
    referral = friend(group, "late")
    with time_machine.travel(group.deadline):
        assert refused(join_group, group=group, referral=referral) == "group_closed"
        expire_groups()
        assert refused(join_group, group=group, referral=referral) == "group_closed"
    assert not GroupMember.objects.exists()


def test_nobody_joins_while_the_programme_is_paused():
    group = make_group()
    referral = friend(group, "one")
    group.offer.program.status = ProgramStatus.PAUSED
    group.offer.program.save()
    assert refused(join_group, group=group, referral=referral) == "program_closed"


def test_the_opener_cannot_take_a_place_not_even_with_another_spelling_of_their_address():
    group = make_group()
    referral = make_referral(
        group.offer.program, email="referrer+x@example.com", link=group.opener.links.get(is_primary=True)
    )
    assert refused(join_group, group=group, referral=referral) == "cannot_join_group"


def test_somebody_elses_friend_cannot_join():
    group = make_group()
    other = make_link(group.offer.program, email="other@example.com")
    referral = make_referral(group.offer.program, link=other)
    assert refused(join_group, group=group, referral=referral) == "cannot_join_group"
    assert not GroupMember.objects.exists()


def test_a_friend_of_another_programme_finds_no_group():
    group = make_group()
    program = make_program(slug="other")
    link = make_link(program)
    assert refused(join_group, group=group, referral=make_referral(program, link=link)) == "not_found"


def test_a_friend_is_in_one_group_of_an_offer_but_may_join_another_offers():
    group = make_group()
    (member,) = joined(group, "one")
    Group.objects.filter(pk=group.pk).update(opener=make_link(group.offer.program, email="o@example.com").referrer)
    second = open_group(referrer=member.referral.referrer, offer=group.offer)
    assert refused(join_group, group=second, referral=member.referral) == "cannot_join_group"
    third = open_group(referrer=member.referral.referrer, offer=make_offer(group.offer.program))
    assert join_group(group=third, referral=member.referral).place == 1


@pytest.mark.parametrize("field", [{"review": Review.BLOCKED}, {"stage": "expired"}, {"stage": "withdrawn"}])
def test_a_friend_who_is_blocked_or_out_of_time_cannot_join(field):
    group = make_group()
    referral = friend(group, "one")
    Referral.objects.update(**field)
    assert refused(join_group, group=group, referral=referral) == "cannot_join_group"


def test_when_enough_have_bought_everybody_is_rewarded_once():
    group = make_group(size=2)
    joined(group, "one", "two")
    assert buy(group, "one").rewards == []
    assert Group.objects.get().state == GroupState.OPEN
    assert len(buy(group, "two").rewards) == 3
    buy(group, "two", external_id="again")
    assert Group.objects.get().state == GroupState.COMPLETE
    got = Reward.objects.order_by("person__email").values_list("person__email", "title", "amount_minor", "trigger_key")
    key = f"group:{group.pk}"
    assert list(got) == [
        ("one@example.com", "Group price", 500, key),
        ("referrer@example.com", "Group prize", 3000, key),
        ("two@example.com", "Group price", 500, key),
    ]
    assert list(GroupChange.objects.values_list("from_state", "to_state", "reason")) == [("open", "complete", "bought")]


def test_a_purchase_after_the_deadline_rewards_nobody():
    group = make_group(size=2)
    joined(group, "one", "two")
    buy(group, "one")
    with time_machine.travel(group.deadline):
        buy(group, "two")
        assert expire_groups() == 1
    assert not Reward.objects.exists()
    assert Group.objects.get().state == GroupState.EXPIRED


def test_expiring_late_or_twice_is_the_same_and_lets_the_members_go():
    group = make_group(size=2)
    (member,) = joined(group, "one")
    assert expire_groups() == 0
    with time_machine.travel(group.deadline + timedelta(days=9)):
        assert (expire_groups(), expire_groups()) == (1, 0)
        again = open_group(referrer=group.opener, offer=group.offer)
        assert join_group(group=again, referral=member.referral).place == 1
    assert list(GroupMember.objects.order_by("pk").values_list("active", flat=True)) == [False, True]
    assert GroupChange.objects.count() == 1


def test_a_complete_group_never_expires():
    group = make_group(size=1)
    joined(group, "one")
    buy(group, "one")
    with time_machine.travel(group.deadline):
        assert expire_groups() == 0
    assert Group.objects.get().state == GroupState.COMPLETE


def test_what_a_friend_bought_before_joining_does_not_count():
    group = make_group(size=1)
    referral = friend(group, "one")
    buy(group, "one", external_id="early")
    join_group(group=group, referral=referral)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        GroupMember.objects.update(joined_at=timezone.now())
        buy(group, "one", external_id="backdated", occurred_at=timezone.now() - timedelta(days=2))
        assert GroupMember.objects.get().bought_at is None
        buy(group, "one", external_id="counts")
    assert Group.objects.get().state == GroupState.COMPLETE


def test_a_reversed_sale_counts_no_more_unless_the_friend_bought_again():
    group = make_group(size=2)
    first, _second = joined(group, "one", "two")
    sale = buy(group, "one").sale
    again = buy(group, "one", external_id="again").sale
    ungroup_sale(referral=first.referral, sale=sale)
    first.refresh_from_db()
    assert first.sale_id == again.pk
    again.reversed_minor = again.amount_minor
    again.save()
    type(sale).objects.filter(pk=sale.pk).update(reversed_minor=1000)
    ungroup_sale(referral=first.referral, sale=again)
    first.refresh_from_db()
    assert (first.sale_id, first.bought_at) == (None, None)
    buy(group, "two")
    assert Group.objects.get().state == GroupState.OPEN
    assert not Reward.objects.exists()


AT_ONCE = {"hold_days": 0, "approval": "automatic"}


def completed(**rule):
    group = make_group(size=2, rules=tuple({**one, **rule} for one in GROUP_RULES))
    joined(group, "one", "two")
    buy(group, "one")
    buy(group, "two")
    return group


def give_back(group, name, *, kind="refund", reversal_id="", **given):
    given |= {"reversal_id": reversal_id or f"r-{name}", "kind": kind}
    return reverse_sale(program=group.offer.program, source="api", external_id=name, **given)


def states():
    return sorted(Reward.objects.values_list("state", "amount_minor", "clawed_minor"))


def test_a_whole_refund_after_completion_cancels_the_rewards_of_everybody():
    group = completed()
    changed = give_back(group, "one").rewards
    assert states() == [("void", 500, 0), ("void", 500, 0), ("void", 3000, 0)]
    assert (len(changed), accounts(), Group.objects.get().state) == (3, {}, GroupState.COMPLETE)
    assert group.opener.standing_row.pending_minor == 0
    assert len(give_back(group, "two").rewards) == 0


def test_what_everybody_has_received_by_then_is_taken_back(paid_at_once):
    group = completed(**AT_ONCE)
    for reward in Reward.objects.all():
        pay(reward)
    give_back(group, "two")
    assert states() == [("clawed_back", 500, 500), ("clawed_back", 500, 500), ("clawed_back", 3000, 3000)]
    assert (accounts()["clawback_receivable"], check_ledger()) == (4000, [])


def test_a_part_that_goes_back_or_another_purchase_that_stands_keeps_the_group():
    group = completed()
    give_back(group, "one", amount="5")
    buy(group, "two", external_id="again")
    give_back(group, "two")
    assert {state for state, *_rest in states()} == {"pending"}
    give_back(group, "again")
    assert {state for state, *_rest in states()} == {"void"}


@pytest.mark.parametrize("paid", [True, False])
def test_a_won_dispute_brings_the_groups_rewards_back_and_a_new_purchase_does_not(paid, paid_at_once):
    group = completed(**(AT_ONCE if paid else {}))
    before = states()
    if paid:
        for reward in Reward.objects.all():
            pay(reward)
        before = states()
    books = accounts()
    for name in ("one", "two"):
        give_back(group, name, kind="dispute")
    give_back(group, "one", kind="dispute_won")
    assert ({state for state, *_rest in states()}, check_ledger()) == ({"clawed_back" if paid else "void"}, [])
    buy(group, "two", external_id="new")
    assert {state for state, *_rest in states()} == {"clawed_back" if paid else "void"}
    give_back(group, "two", kind="dispute_won")
    assert (states(), accounts(), check_ledger()) == (before, books, [])


def test_a_part_that_goes_back_buys_no_place_with_a_sale_from_before_joining():
    group = make_group(size=1)
    referral = friend(group, "one")
    buy(group, "one")
    join_group(group=group, referral=referral)
    give_back(group, "one", amount="1")
    assert (GroupMember.objects.get().bought_at, Group.objects.get().state) == (None, GroupState.OPEN)


def test_whoever_joins_by_e_mail_is_told_the_same_whatever_is_known_of_them():
    group = make_group(size=2)
    program = group.offer.program
    make_referral(program, email="victim@example.com", link=make_link(program, email="other@example.com"))
    people = Person.objects.count()
    given = {"group": group, "name": "Kim", "accept_terms": True}
    for email in ("victim@example.com", "referrer+me@example.com"):
        assert join_group_by_email(email=email, **given).member is None
    assert (GroupMember.objects.count(), Person.objects.count()) == (0, people)
    assert join_group_by_email(email="new@example.com", **given).member.place == 1
    assert join_group_by_email(email="last@example.com", **given).member.place == 2
    for email in ("victim@example.com", "new@example.com", "late@example.com"):
        assert refused(join_group_by_email, email=email, **given) == "group_full"


@pytest.mark.parametrize("side", ["both", "referrer", "friend"])
def test_a_friend_of_whom_a_side_is_blocked_does_not_carry_the_group(side, django_user_model):
    group = make_group(size=2)
    first, _second = joined(group, "one", "two")
    buy(group, "one")
    set_review(referral=first.referral, to=Review.FLAGGED, reason="test")
    staff = django_user_model.objects.create_user("staff")
    review_referral(referral=first.referral, approve=False, note="Same person", actor=staff, side=side)
    buy(group, "two")
    assert Group.objects.get().state == GroupState.OPEN
    assert not Reward.objects.exists()


def test_when_a_friend_is_under_review_their_own_and_the_openers_reward_wait_for_it():
    group = make_group(size=2)
    first, _second = joined(group, "one", "two")
    Referral.objects.filter(pk=first.referral_id).update(review=Review.FLAGGED)
    buy(group, "one")
    buy(group, "two")
    waiting = PendingReason.objects.filter(reason=Reason.REVIEW).order_by("reward__person__email")
    assert list(waiting.values_list("reward__person__email", "reward__referral")) == [
        ("one@example.com", first.referral_id),
        ("referrer@example.com", first.referral_id),
    ]


def test_a_sale_to_somebody_without_a_group_costs_one_query_more_and_never_more(django_assert_max_num_queries):
    group = make_group(size=40)
    joined(group, *[f"friend{n}" for n in range(12)])
    friend(group, "alone")
    buy(group, "friend0")
    with django_assert_max_num_queries(100) as first:
        buy(group, "friend1")
    for n in range(2, 11):
        buy(group, f"friend{n}")
    with django_assert_max_num_queries(len(first.captured_queries)):
        buy(group, "friend11")
