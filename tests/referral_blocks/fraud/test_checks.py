"""Each check at its exact boundary, on facts alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from referral_blocks.core.money import Money
from referral_blocks.fraud.check import BlockedHit, PersonFacts, SaleSeen, Screening
from referral_blocks.fraud.checks.blocked_list import BlockedList
from referral_blocks.fraud.checks.disposable_email import DisposableEmail
from referral_blocks.fraud.checks.duplicate_friend import DuplicateFriend
from referral_blocks.fraud.checks.existing_customer import ExistingCustomer
from referral_blocks.fraud.checks.ip_velocity import IpVelocity
from referral_blocks.fraud.checks.referrer_velocity import ReferrerVelocity
from referral_blocks.fraud.checks.self_referral import SelfReferral
from referral_blocks.fraud.checks.suspicious_timing import SuspiciousTiming
from referral_blocks.fraud.checks.unusual_amount import UnusualAmount

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FRIEND = PersonFacts(1, "kim@example.com", "447700900001", frozenset({"account-1"}))
REFERRER = PersonFacts(2, "robin@example.com", "447700900002", frozenset({"account-2"}))
PLAIN = Screening(occasion="capture", friend=FRIEND, referrer=REFERRER, captured_at=NOON)


def found(check, **facts):
    """(severity, side, score) or None."""
    finding = check.inspect(replace(PLAIN, **facts))
    return finding and (finding.severity, finding.side, finding.score)


@pytest.mark.parametrize(
    "check",
    [
        SelfReferral(), DuplicateFriend(), ExistingCustomer(), ReferrerVelocity(), IpVelocity(), DisposableEmail(),
        SuspiciousTiming(), UnusualAmount(), BlockedList(),
    ],
    ids=lambda check: type(check).__name__,
)  # fmt: skip
def test_a_plain_friend_is_no_finding(check):
    assert found(check) is None


@pytest.mark.parametrize(
    ("same", "score", "said"),
    [
        ({"person_id": 2}, 100, "The friend and the referrer are one person."),
        ({"mailbox_key": "robin@example.com"}, 90, "The friend and the referrer share a mailbox."),
        ({"payout_keys": frozenset({"account-2", "x"})}, 90, "The friend and the referrer are paid to one account."),
        ({"phone_key": "447700900002"}, 80, "The friend and the referrer share a phone number."),
    ],
)
def test_self_referral_compares_everything_that_tells_one_from_another(same, score, said):
    finding = SelfReferral().inspect(replace(PLAIN, friend=replace(FRIEND, **same)))
    assert (finding.severity, finding.side, finding.score, finding.evidence) == ("high", "both", score, said)


def test_two_people_without_a_phone_do_not_share_one():
    friend, referrer = replace(FRIEND, phone_key=""), replace(REFERRER, phone_key="")
    assert found(SelfReferral(), friend=friend, referrer=referrer) is None


def test_a_twin_is_found_by_mailbox_before_phone():
    assert found(DuplicateFriend(), twin_by_mailbox=True, twin_by_phone=True) == ("high", "both", 80)
    assert found(DuplicateFriend(), twin_by_phone=True) == ("medium", "both", 60)


@pytest.mark.parametrize("fact", ["known_customer", "bought_before"])
def test_a_customer_of_before_is_found(fact):
    assert found(ExistingCustomer(), **{fact: True}) == ("medium", "both", 60)


@pytest.mark.parametrize(
    ("hour", "day", "expected"),
    [
        (4, 9, None),
        (5, 9, ("low", "referrer", 30)),
        (4, 10, ("low", "referrer", 30)),
        (12, 12, ("low", "referrer", 30)),
        (13, 13, ("high", "referrer", 60)),
        (1, 27, ("low", "referrer", 30)),
        (1, 28, ("high", "referrer", 60)),
    ],
)
def test_velocity_counts_above_the_limits_only(hour, day, expected):
    check = ReferrerVelocity(per_hour=4, per_day=9)
    assert found(check, friends_in_hour=hour, friends_in_day=day) == expected


@pytest.mark.parametrize(("captures", "expected"), [(3, None), (4, ("medium", "both", 50))])
def test_one_address_may_bring_as_many_as_the_limit(captures, expected):
    assert found(IpVelocity(per_day=3), captures_from_address=captures) == expected


def test_the_referrers_own_address_is_a_hint_and_an_address_never_blocks():
    assert found(IpVelocity(), address_of_referrer=True) == ("low", "both", 30)
    assert IpVelocity.may_block is False


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("mailinator.com", ("medium", "friend", 50)),
        ("mail.mailinator.com", ("medium", "friend", 50)),
        ("not-mailinator.example", None),
        ("mailinator.com.example.org", None),
        ("gmail.com", None),
        ("com", None),
    ],
)
def test_only_hosts_on_the_list_and_below_them_are_disposable(host, expected):
    assert found(DisposableEmail(), friend=replace(FRIEND, mailbox_key=f"kim@{host}")) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(2.999, ("medium", "both", 40)), (3, None)])
def test_details_in_less_than_three_seconds_are_suspicious(seconds, expected):
    assert found(SuspiciousTiming(), visited_at=NOON - timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(59.999, ("low", "both", 15)), (60, None)])
def test_a_sale_in_less_than_a_minute_is_a_hint(seconds, expected):
    sale = SaleSeen(Money(100, "GBP"), NOON + timedelta(seconds=seconds))
    assert found(SuspiciousTiming(), occasion="sale", sale=sale, visited_at=NOON) == expected


@pytest.mark.parametrize(
    ("minor", "usual", "expected"),
    [
        (5000, (1000,) * 10, None),
        (5001, (1000,) * 10, ("medium", "both", 50)),
        (10**9, (1000,) * 9, None),
        (7501, (1000,) * 5 + (2000,) * 5, ("medium", "both", 50)),
        (7500, (1000,) * 5 + (2000,) * 5, None),
        (5001, (1000,) * 9 + (10**9,), ("medium", "both", 50)),
    ],
)
def test_an_amount_is_unusual_above_five_times_the_median_of_ten_sales(minor, usual, expected):
    assert found(UnusualAmount(), occasion="sale", sale=SaleSeen(Money(minor, "GBP"), NOON, usual)) == expected


def test_the_evidence_of_an_amount_names_both():
    sale = SaleSeen(Money(500_100, "GBP"), NOON, (100_000,) * 10)
    assert UnusualAmount().inspect(replace(PLAIN, sale=sale)).evidence == (
        "The sale of £5,001.00 is more than 5 times the usual £1,000.00."
    )


@pytest.mark.parametrize(
    ("sides", "side"), [(["friend"], "friend"), (["friend", "friend"], "friend"), (["friend", "referrer"], "both")]
)
def test_the_blocked_list_names_the_side(sides, side):
    hits = tuple(BlockedHit("email", one, "charged back") for one in sides)
    finding = BlockedList().inspect(replace(PLAIN, blocked=hits))
    assert (finding.side, finding.score) == (side, 100)
    assert finding.evidence.startswith("On the blocked list – The friend: E-mail address (charged back).")
