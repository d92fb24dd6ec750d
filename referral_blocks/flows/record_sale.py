"""A friend has bought something: the one way in for the API, staff and every later source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks import signals
from referral_blocks.core.errors import InvalidInput, NotFound, NotPossibleNow
from referral_blocks.core.money import Money, parse_amount
from referral_blocks.core.text import clean_email, clean_text
from referral_blocks.ledger.models import Account
from referral_blocks.ledger.services import post_transfer
from referral_blocks.people.services import email_key
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrals.models import Referral, Review, Stage
from referral_blocks.referrals.services import qualify
from referral_blocks.rewards.models import Reward
from referral_blocks.rewards.services import promise_rewards
from referral_blocks.sales.models import Sale
from referral_blocks.sales.services import get_or_create_sale

from .pay_reward import approve_and_pay_if_clear

CLOCK_SKEW = timedelta(minutes=5)
DAY = timedelta(days=1)  # many tills know only the date of a sale


@dataclass(frozen=True, slots=True)
class Recorded:
    """``created`` is False when the same sale was delivered before; ``rewards`` are those that it newly earned."""

    sale: Sale
    created: bool
    rewards: list[Reward]


def record_sale(
    *,
    program: Program,
    source: str,
    external_id: str,
    friend_email: str,
    amount: str,
    currency: str,
    occurred_at: datetime | None = None,
) -> Recorded:
    """Record the sale once, qualify the friend's referral and promise both sides their rewards.

    ``amount`` is in major units as people write it (``"149.00"``). Delivered twice, the first result is returned.
    Raises InvalidInput (paths ``externalId``, ``friendEmail``, ``amount``, ``currency``, ``occurredAt``), NotFound for
    a sale to nobody's friend, Conflict for the same id with other content, and NotPossibleNow; then nothing is written.
    """
    order = clean_text(external_id, max_length=120, path=("externalId",))
    money = _money(program, amount, currency)
    email = clean_email(friend_email, path=("friendEmail",))
    when = _occurred_at(occurred_at)
    with transaction.atomic():
        referral = _referral(program, email)
        sale, created = get_or_create_sale(
            referral=referral, source=source, external_id=order, amount=money, occurred_at=when
        )
        if not created:
            return Recorded(sale, False, [])
        _require_credit(program, referral, when)
        qualify(referral=referral, at=when)
        # A blocked friend's sale is recorded, for the books, and earns nobody anything.
        blocked = referral.review == Review.BLOCKED
        rewards = [] if blocked else promise_rewards(referral=referral, sale=sale)
        for reward in rewards:
            post_transfer(
                key=f"reward:{reward.pk}:promised",
                kind="reward_promised",
                program_id=program.pk,
                person_id=reward.person_id,
                amount=reward.amount,
                debit=Account.EXPENSE,
                credit=Account.PENDING,
            )
            approve_and_pay_if_clear(reward=reward)
        signals.send_on_commit(signals.sale_recorded, sale=sale)
    return Recorded(sale, True, rewards)


def _money(program: Program, amount: str, currency: str) -> Money:
    money = parse_amount(amount, currency)
    if money.currency != program.currency:
        raise InvalidInput(
            _("This programme counts in %(wanted)s, and the sale is in %(given)s.")
            % {"wanted": program.currency, "given": money.currency},
            code="currency_mismatch",
            path=("currency",),
        )
    return money


def _occurred_at(given: datetime | None) -> datetime:
    now = timezone.now()
    if given is None:
        return now
    when = timezone.make_aware(given) if timezone.is_naive(given) else given
    if when > now + CLOCK_SKEW:
        raise InvalidInput(_("The sale cannot be in the future."), code="in_future", path=("occurredAt",))
    return when


def _referral(program: Program, email: str) -> Referral:
    """The friend's referral, its row locked: two sales at once qualify it one after the other."""
    referral = (
        Referral.objects.select_for_update(of=("self",))
        .select_related("referrer__person", "friend", "program")
        .filter(program=program, friend__email_key=email_key(email))
        .first()
    )
    if referral is None:
        raise NotFound(
            _("Nobody with this e-mail address was referred in this programme."),
            code="no_referral",
            path=("friendEmail",),
        )
    return referral


def _require_credit(program: Program, referral: Referral, when: datetime) -> None:
    if program.status not in (ProgramStatus.LIVE, ProgramStatus.ENDED):
        raise NotPossibleNow(
            _("This programme is paused. Record the sale again when it is live."), code="program_closed"
        )
    if when < referral.attributed_at - DAY:
        raise NotPossibleNow(
            _("The friend bought this before they were referred."), code="before_referral", path=("occurredAt",)
        )
    if referral.stage == Stage.EXPIRED or when > referral.credit_expires_at:
        raise NotPossibleNow(
            _("The friend’s time to buy was over before this sale."), code="credit_expired", path=("friendEmail",)
        )
