"""Groups under many hands at once, with real threads and connections, on whichever database the run uses."""

from threading import Barrier

import pytest

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.join_group import join_group
from referral_blocks.flows.open_group import open_group
from referral_blocks.groups.models import Group, GroupMember, GroupState
from referral_blocks.ledger.selectors import unbalanced_entries
from referral_blocks.rewards.models import Reward

from .test_concurrency import THREADS, at_once
from .test_groups import buy, friend, joined, make_group, make_offer

pytestmark = pytest.mark.django_db(transaction=True)


def code_of(work, **given):
    try:
        work(**given)
    except DomainError as refusal:
        return refusal.code
    return "done"


def test_the_last_place_has_one_winner():
    group = make_group(size=3)
    joined(group, "one", "two")
    friends = [friend(group, f"late{n}") for n in range(THREADS)]
    results = at_once(lambda n: code_of(join_group, group=Group.objects.get(), referral=friends[n]))
    assert (results.count("done"), results.count("group_full")) == (1, THREADS - 1)
    assert sorted(GroupMember.objects.values_list("place", flat=True)) == [1, 2, 3]


def test_one_friend_joining_many_times_at_once_has_one_place():
    group = make_group(size=5)
    referral = friend(group, "one")
    assert at_once(lambda n: join_group(group=Group.objects.get(), referral=referral).place) == [1] * THREADS
    assert GroupMember.objects.count() == 1


def test_opening_many_times_at_once_makes_one_group():
    group = make_group()
    offer = make_offer(group.offer.program)
    results = at_once(lambda n: code_of(open_group, referrer=group.opener, offer=offer))
    assert (results.count("done"), results.count("too_many_groups")) == (1, THREADS - 1)


def test_all_members_buying_at_once_complete_the_group_once_and_nobody_waits_for_ever():
    group = make_group(size=THREADS)
    joined(group, *[f"friend{n}" for n in range(THREADS)])
    results = at_once(lambda n: len(buy(group, f"friend{n}").rewards))
    assert sorted(results) == [0] * (THREADS - 1) + [THREADS + 1]
    assert (Group.objects.get().state, Reward.objects.count()) == (GroupState.COMPLETE, THREADS + 1)
    assert unbalanced_entries() == []


def test_members_who_buy_twice_while_others_complete_the_group_do_not_lock_each_other():
    group = make_group(size=THREADS)
    joined(group, *[f"friend{n}" for n in range(THREADS)])
    turns = Barrier(THREADS)

    def shop(n):
        for turn in range(3):
            turns.wait(60)
            buy(group, f"friend{(n + turn) % THREADS}", external_id=f"{n}:{turn}")

    at_once(shop)
    assert (Group.objects.get().state, Reward.objects.count()) == (GroupState.COMPLETE, THREADS + 1)
