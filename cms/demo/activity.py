"""What has happened in the demo so far, told by the flows that would have told it, each on its day: nothing is written
past them, so that the ledger and every figure are as right as they would be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction

from referral_blocks.core.hashing import keyed_hash
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.change_consents import change_consents
from referral_blocks.flows.connect_payout_account import connect_payout_account
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.mark_handed_over import mark_handed_over
from referral_blocks.flows.mature_rewards import mature_rewards
from referral_blocks.flows.nurture_referral import nurture_referral
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.record_share import record_share
from referral_blocks.flows.record_visit import record_visit
from referral_blocks.flows.refer_by_name import refer_by_name
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.links.services import primary_link
from referral_blocks.payouts.models import Payout, PayoutState
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.registry import is_registered
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reason, Reward, RewardState

from .clock import days_ago
from .people import BUSINESSES, NAMED, NEIGHBOURS, SOFTWARE, Fan, Friend
from .tree import Programs

MINUTE = 1 / 24 / 60
TO_APPROVE, TO_HAND_OVER = 1, 2  # what is left for whoever plays staff
CREDIT = "stripe_credit"

Event = tuple[float, Callable[[], object]]  # days ago, and what happened then


def load_activity(*, programs: Programs, admin: str, base_url: str) -> bool:
    """Tell the story once; False where it was told before. Outside any transaction, and the stand-ins have to run:
    those who get credit tell Stripe's where it goes."""
    if Referrer.objects.filter(program=programs.neighbours, person__email_key=address(NEIGHBOURS[0].name)).exists():
        return False
    casts = ((programs.neighbours, NEIGHBOURS), (programs.businesses, BUSINESSES), (programs.software, SOFTWARE))
    with transaction.atomic():
        tell([event for program, fans in casts for event in _story(program, fans)])
        with days_ago(2):
            name, email, told_by = NAMED
            refer_by_name(program=programs.neighbours, email=email, name=name, referrer_name=told_by, accept_terms=True)
    mature_rewards()
    if is_registered(CREDIT):
        _connect(programs.software, base_url)
    staff = get_user_model().objects.get(username=admin)
    _approve(programs.neighbours, staff)
    _pay(staff)
    return True


def address(name: str) -> str:
    return re.sub(r"\W+", ".", name.lower()).strip(".") + "@example.com"


def tell(events: Sequence[Event]) -> None:
    for days, happen in sorted(events, key=lambda event: -event[0]):
        with days_ago(days):
            happen()


def _story(program: Program, fans: Sequence[Fan]) -> Iterator[Event]:
    for fan in fans:
        yield fan.joined, partial(_join, program, fan)
        for number, channel in enumerate(fan.shares):
            yield fan.joined - 0.3 - number * fan.joined / 9, partial(_share, program, fan, channel)
        for number in range(fan.visits):
            yield (
                fan.joined - 0.4 - number * (fan.joined - 1) / max(1, fan.visits),
                partial(_visit, program, fan, number),
            )
        for friend in fan.friends:
            yield friend.came, partial(_come, program, fan, friend)
            if friend.contacted:
                yield friend.came - 1, partial(_contact, program, friend)
            if friend.bought is not None:
                yield friend.bought, partial(_buy, program, friend)
            if friend.bought is not None and friend.refunded:
                yield friend.bought - 3, partial(_refund, program, friend)


def _join(program: Program, fan: Fan) -> None:
    joined = join_program(
        program=program, email=address(fan.name), name=fan.name, accept_terms=True, greeting_consent=fan.shown
    )
    change_consents(referrer=joined.referrer, greeting=fan.shown, leaderboard=fan.shown)


def _referrer(program: Program, fan: Fan) -> Referrer:
    return Referrer.objects.get(program=program, person__email_key=address(fan.name))


def _share(program: Program, fan: Fan, channel: str) -> None:
    referrer = _referrer(program, fan)
    record_share(link=primary_link(referrer=referrer), channel=channel, referrer=referrer)


def _visit(program: Program, fan: Fan, number: int | str) -> str:
    code = primary_link(referrer=_referrer(program, fan)).code
    ip_hash = keyed_hash("demo", f"{fan.name}:{number}")
    return record_visit(code=code, site_id=program.site_id, ip_hash=ip_hash).token


def _come(program: Program, fan: Fan, friend: Friend) -> None:
    """A friend reads for some minutes before the form is sent: what is quicker looks like a robot's work."""
    with days_ago(friend.came + 4 * MINUTE):
        token = _visit(program, fan, friend.name)
    capture_referral(
        program=program, email=_mailbox(friend), name=friend.name, accept_terms=True, token=token, kind=friend.kind
    )


def _mailbox(friend: Friend) -> str:
    return friend.address or address(friend.name)


def _contact(program: Program, friend: Friend) -> None:
    referral = Referral.objects.get(program=program, friend__email_key=_mailbox(friend))
    nurture_referral(referral=referral, note="Called, will think about it.")


def _order(program: Program, friend: Friend) -> str:
    return f"demo-{program.slug}-{address(friend.name).split('@')[0]}"


def _buy(program: Program, friend: Friend) -> None:
    record_sale(
        program=program, source="demo", external_id=_order(program, friend), friend_email=_mailbox(friend),
        amount=friend.amount, currency=program.currency,
    )  # fmt: skip


def _refund(program: Program, friend: Friend) -> None:
    order = _order(program, friend)
    reverse_sale(program=program, source="demo", external_id=order, reversal_id=f"{order}-refund", kind="refund")


def _connect(program: Program, base_url: str) -> None:
    """Those who have an account are Stripe customers already; their credit goes out with the worker's first turn."""
    for fan in SOFTWARE:
        people = [_referrer(program, fan).person] if fan.account else []
        buyers = [address(friend.name) for friend in fan.friends if fan.account and friend.bought is not None]
        referrals = Referral.objects.filter(program=program, friend__email_key__in=buyers).select_related("friend")
        for person in (*people, *(referral.friend for referral in referrals)):
            connect_payout_account(person=person, provider=CREDIT, return_url=base_url, refresh_url=base_url)


def _approve(program: Program, staff: User) -> None:
    waiting = Reward.objects.filter(program=program, state=RewardState.PENDING)
    ripe = waiting.exclude(pending_reasons__reason__in=(Reason.HOLD, Reason.REVIEW)).order_by("pk")
    for reward in list(ripe)[:-TO_APPROVE]:
        approve_reward(reward=reward, actor=staff)


def _pay(staff: User) -> None:
    """What the house pays itself, but for what is left to hand over."""
    own = Payout.objects.filter(provider__in=("manual", "points"), state=PayoutState.CONFIRMED)
    for payout_id in list(own.order_by("pk").values_list("pk", flat=True)):
        send_payout(payout_id=payout_id)
    for handover in list(Handover.objects.filter(handed_over_at=None).order_by("pk"))[:-TO_HAND_OVER]:
        mark_handed_over(handover=handover, actor=staff, note="Demo data.")
