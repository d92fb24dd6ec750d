"""A friend has bought something: the one way in for the API, staff and every later source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referral_blocks import signals
from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import InvalidInput, NotPossibleNow, gathering
from referral_blocks.core.money import Money, parse_amount, validate_currency
from referral_blocks.core.text import clean_text
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrals.models import Referral, Review, Stage
from referral_blocks.referrals.services import CLOSED, qualify
from referral_blocks.referrers.standing import lock_standing
from referral_blocks.rewards.models import Reward, Trigger
from referral_blocks.rewards.rule import Happening, SaleFacts
from referral_blocks.rewards.services import Sides
from referral_blocks.sales.models import Sale
from referral_blocks.sales.services import get_or_create_sale

from .announce import announce
from .attribute_sale import Buyer, referral_of
from .complete_group import group_sale
from .earn_rewards import counts_for_referrer, earn_rewards, flagged_sides, friend_facts
from .screen_referral import screen_referral

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CLOCK_SKEW = timedelta(minutes=5)
MAX_METADATA = 20
EARLIEST = 1970  # earlier years overflow when they are converted between time zones
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
    product: str = "",
    metadata: Mapping[str, str] | None = None,
    friend_phone: str = "",
    friend_name: str = "",
    code: str = "",
    token: str = "",
    accept_terms: bool = False,
    friend_kind: str = "",
    friend_country: str = "",
    actor: User | None = None,
) -> Recorded:
    """Record the sale once, qualify the friend's referral and promise both sides their rewards.

    ``amount`` is in major units as people write it (``"149.00"``). A buyer whom nobody referred yet is captured by the
    ``code`` or ``token`` that they bring to the checkout. ``actor`` is the member of staff who records it; without, it
    is a system. Delivered twice, the first result is returned.
    Raises InvalidInput with all that is wrong (paths ``externalId``, ``friendEmail``, ``friendPhone``, ``friendName``,
    ``currency``, ``amount``, ``occurredAt``, ``product``, ``metadata``), then what capture_referral raises about a
    buyer who has to be captured, NotFound for a sale to nobody's friend, Conflict for the same id with other content
    (the date apart), and NotPossibleNow; then nothing is written.
    """
    with gathering() as mistakes:
        with mistakes.check():
            order = clean_text(external_id, max_length=120, path=("externalId",))
        with mistakes.check():
            buyer = Buyer.of(
                email=friend_email, phone=friend_phone, name=friend_name, code=code, token=token,
                accepts_terms=accept_terms, kind=friend_kind, country=friend_country,
            )  # fmt: skip
        with mistakes.check():
            money = _money(program, amount, currency)
        with mistakes.check():
            when = moment(occurred_at, _("The sale cannot be in the future."))
        with mistakes.check():
            product = clean_text(product, max_length=120, path=("product",), required=False)
        with mistakes.check():
            pairs = _metadata(metadata or {})
    with transaction.atomic():
        referral = referral_of(program=program, buyer=buyer)
        sale, created = get_or_create_sale(
            referral=referral,
            source=source,
            external_id=order,
            amount=money,
            occurred_at=when,
            product=product,
            metadata=pairs,
            actor=actor,
        )
        if not created:
            return Recorded(sale, False, [])
        _require_credit(program, referral, when)
        rewards = _qualify_and_earn(program, referral, sale, actor)
        announce(
            Kind.SALE_RECORDED,
            sale,
            program=program,
            referrer_id=referral.referrer_id,
            signal=signals.sale_recorded,
        )
    return Recorded(sale, True, rewards)


def _qualify_and_earn(program: Program, referral: Referral, sale: Sale, actor: User | None) -> list[Reward]:
    lock_standing(referrer=referral.referrer)
    screen_referral(referral=referral, sale=sale)
    # After the checks: a friend who earns the referrer nothing takes no number of a milestone.
    if qualify(referral=referral, at=sale.occurred_at, counts=counts_for_referrer(referral), actor=actor):
        announce(Kind.REFERRAL_QUALIFIED, referral, program=program, referrer_id=referral.referrer_id)
    if referral.review == Review.BLOCKED:
        return []
    happening = Happening(
        trigger=Trigger.SALE,
        at=sale.occurred_at,
        friend=friend_facts(referral),
        sale=SaleFacts(sale.amount, sale.number, sale.product, sale.metadata),
    )
    rewards = earn_rewards(
        program=program,
        happening=happening,
        sides=Sides(referral.referrer, referral.friend, referral, sale, flagged_sides(referral)),
        trigger_key=f"referral:{referral.pk}:{sale.number}",
    )
    return rewards + group_sale(referral=referral, sale=sale)


def _money(program: Program, amount: str, currency: str) -> Money:
    """The amount is judged in the programme's currency, the only one that it can be in."""
    with gathering() as mistakes:
        with mistakes.check():
            _require_currency(program, currency)
        with mistakes.check():
            money = parse_amount(amount, program.currency)
    return money


def _require_currency(program: Program, currency: str) -> None:
    code = validate_currency(currency)
    if code != program.currency:
        raise InvalidInput(
            _("This programme counts in %(wanted)s, and the sale is in %(given)s.")
            % {"wanted": program.currency, "given": code},
            code="currency_mismatch",
            path=("currency",),
        )


def _metadata(given: Mapping[str, str]) -> dict[str, str]:
    """At most 20 pairs of short texts."""
    path = ("metadata",)
    if len(given) > MAX_METADATA:
        raise InvalidInput(
            _("Give at most %(max)d pairs of metadata.") % {"max": MAX_METADATA}, code="too_long", path=path
        )
    return {
        clean_text(str(key), max_length=40, path=path): clean_text(
            str(value), max_length=200, path=path, required=False
        )
        for key, value in given.items()
    }


def moment(given: datetime | None, in_future: str | Promise) -> datetime:
    """``given`` as an aware moment, by default now.

    Raises InvalidInput: ``in_future`` with these words, ``out_of_range``.
    """
    now = timezone.now()
    if given is None:
        return now
    if given.year < EARLIEST:
        raise InvalidInput(
            _("Give a date from the year %(year)d on.") % {"year": EARLIEST}, code="out_of_range", path=("occurredAt",)
        )
    when = timezone.make_aware(given) if timezone.is_naive(given) else given
    if when > now + CLOCK_SKEW:
        raise InvalidInput(in_future, code="in_future", path=("occurredAt",))
    return when


def _require_credit(program: Program, referral: Referral, when: datetime) -> None:
    if program.status not in (ProgramStatus.LIVE, ProgramStatus.ENDED):
        raise NotPossibleNow(
            _("This programme is paused. Record the sale again when it is live."), code="program_closed"
        )
    if when < referral.attributed_at - DAY:
        raise NotPossibleNow(
            _("The friend bought this before they were referred."), code="before_referral", path=("occurredAt",)
        )
    if referral.stage == Stage.QUALIFIED:
        return  # the window is for becoming a customer; one who is may come again at any time
    if referral.stage in CLOSED:
        raise NotPossibleNow(_("This friend is not in the programme any more."), path=("friendEmail",))
    if when > referral.credit_expires_at:
        raise NotPossibleNow(
            _("The friend’s time to buy was over before this sale."), code="credit_expired", path=("friendEmail",)
        )
