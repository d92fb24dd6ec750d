"""Gathers what checks are shown: a constant number of queries, each through an index and with an end."""

from __future__ import annotations

from datetime import timedelta

from referral_blocks.payouts.account import PayoutDestination
from referral_blocks.people.models import Person
from referral_blocks.people.selectors import is_known_customer
from referral_blocks.referrals.models import Referral
from referral_blocks.sales.models import Sale

from .check import CAPTURE, SALE, BlockedHit, PersonFacts, SaleSeen, Screening
from .erasure import hidden
from .models import BlockedEntry, BlockedKind, SignalSide

MOST = 500  # counts stop here, whatever the history
USUAL_SALES = 50
MIN_PHONE_DIGITS = 6  # shorter “numbers” are what people type to get on


def gather(*, referral: Referral, sale: Sale | None = None) -> Screening:
    """The facts about ``referral``, at capture or, with ``sale``, at that sale."""
    people = (referral.friend, referral.referrer.person)
    friend, referrer = map(person_facts, people, payout_keys(*people))
    hour, day = (0, 0) if sale else _friends_lately(referral)
    site_id = referral.program.site_id
    return Screening(
        occasion=SALE if sale else CAPTURE,
        friend=friend,
        referrer=referrer,
        captured_at=referral.attributed_at,
        visited_at=referral.visited_at,
        twin_by_mailbox=_has_twin(referral, friend__mailbox_key=friend.mailbox_key),
        twin_by_phone=bool(friend.phone_key) and _has_twin(referral, friend__phone_key=friend.phone_key),
        known_customer=bool(
            is_known_customer(site_id=site_id, email=referral.friend.email, phone=referral.friend.phone)
        ),
        bought_before=_bought_before(referral, friend, site_id),
        friends_in_hour=hour,
        friends_in_day=day,
        captures_from_address=0 if sale else _captures_from_address(referral),
        address_of_referrer=not sale and _address_of_referrer(referral),
        blocked=_blocked(site_id, friend, referrer, referral.ip_hash),
        sale=_sale_seen(sale) if sale else None,
    )


def person_facts(person: Person, keys: frozenset[str]) -> PersonFacts:
    """What checks may know of one side."""
    phone = person.phone_key if len(person.phone_key) >= MIN_PHONE_DIGITS else ""
    return PersonFacts(person.pk, person.mailbox_key, phone, keys)


def payout_keys(*people: Person) -> list[frozenset[str]]:
    """For each of these people, keyed hashes of the bank accounts and cards that they are, or were, paid to."""
    rows = PayoutDestination.objects.filter(account__person__in=people).order_by("pk")
    known = list(rows.values_list("account__person_id", "key")[:MOST])
    return [frozenset(key for person_id, key in known if person_id == person.pk) for person in people]


def _has_twin(referral: Referral, **same: str) -> bool:
    # Only who came earlier: the first of two is nobody's duplicate.
    earlier = Referral.objects.filter(program_id=referral.program_id, pk__lt=referral.pk, **same)
    return earlier.exclude(friend_id=referral.friend_id).exists()


def _bought_before(referral: Referral, friend: PersonFacts, site_id: int) -> bool:
    sales = Sale.objects.filter(
        referral__friend__mailbox_key=friend.mailbox_key,
        program__site_id=site_id,
        occurred_at__lt=referral.attributed_at,
    )
    return sales.exclude(referral_id=referral.pk).exists()


def _friends_lately(referral: Referral) -> tuple[int, int]:
    """How many friends this referrer brought within the hour and the day that end with this one."""
    end = referral.attributed_at
    times = (
        Referral.objects.filter(referrer_id=referral.referrer_id, attributed_at__gt=end - timedelta(days=1))
        .order_by("-attributed_at")
        .values_list("attributed_at", flat=True)[:MOST]
    )
    day = list(times)
    return sum(time > end - timedelta(hours=1) for time in day), len(day)


def _captures_from_address(referral: Referral) -> int:
    if not referral.ip_hash:
        return 0
    since = referral.attributed_at - timedelta(days=1)
    # The newest of the address, whatever the programme: few, even on a day with many captures.
    newest = Referral.objects.filter(ip_hash=referral.ip_hash).order_by("-pk")
    rows = newest.values_list("program_id", "attributed_at")[:MOST]
    return sum(program == referral.program_id and at > since for program, at in rows)


def _address_of_referrer(referral: Referral) -> bool:
    if not referral.ip_hash:
        return False
    own = Referral.objects.filter(friend_id=referral.referrer.person_id, ip_hash=referral.ip_hash)
    return own.exclude(pk=referral.pk).exists()


def _blocked(site_id: int, friend: PersonFacts, referrer: PersonFacts, ip_hash: str) -> tuple[BlockedHit, ...]:
    sides: dict[tuple[str, str], set[str]] = {}
    for side, person in ((SignalSide.FRIEND, friend), (SignalSide.REFERRER, referrer)):
        for kind, value in (
            (BlockedKind.EMAIL, person.mailbox_key),
            (BlockedKind.DOMAIN, person.host),
            (BlockedKind.PHONE, person.phone_key),
            (BlockedKind.IP_HASH, ip_hash if side == SignalSide.FRIEND else ""),
        ):
            if value:
                sides.setdefault((kind, value), set()).add(side)
    # An erased person's entry holds a keyed hash instead of the address.
    for key, text in list(sides):
        if key in (BlockedKind.EMAIL, BlockedKind.PHONE):
            sides[key, hidden(key, text)] = sides[key, text]
    entries = BlockedEntry.objects.filter(site_id=site_id, value__in={value for _kind, value in sides}).order_by("pk")
    hits = []
    for entry in entries:
        if found := sides.get((entry.kind, entry.value)):
            both = len(found) > 1
            hits.append(BlockedHit(entry.kind, SignalSide.BOTH if both else next(iter(found)), entry.note))
    return tuple(hits)


def _sale_seen(sale: Sale) -> SaleSeen:
    before = Sale.objects.filter(program_id=sale.program_id, recorded_at__lte=sale.recorded_at).exclude(pk=sale.pk)
    # By time alone, as the index has it: many sales of one moment, such as of an import, are not sorted each time.
    usual = before.order_by("-recorded_at").values_list("amount_minor", flat=True)[:USUAL_SALES]
    return SaleSeen(sale.amount, sale.recorded_at, tuple(usual))
