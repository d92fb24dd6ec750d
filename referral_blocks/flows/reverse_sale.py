"""Money of a sale went back to the customer, or a dispute about it was won."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks import signals
from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import InvalidInput, NotFound, gathering
from referral_blocks.core.money import parse_amount
from referral_blocks.core.text import clean_text
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrals.services import lock_referral, qualify, retract
from referral_blocks.referrers.standing import lock_standing
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import ReversalKind, Sale, SaleReversal
from referral_blocks.sales.selectors import has_standing_sale, sale_by_external_id
from referral_blocks.sales.services import get_or_create_reversal

from .adjust_rewards import adjust_rewards
from .announce import announce
from .complete_group import Regrouped, regroup_sale, ungroup_sale
from .earn_rewards import counts_for_referrer
from .record_sale import moment
from .release_waiting import release_later

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Reversed:
    """``created`` is False when it was delivered before; ``rewards`` are those that changed by it."""

    reversal: SaleReversal
    sale: Sale
    created: bool
    rewards: list[Reward]


def reverse_sale(
    *,
    program: Program,
    source: str,
    external_id: str,
    reversal_id: str,
    kind: str,
    amount: str | None = None,
    occurred_at: datetime | None = None,
    actor: User | None = None,
) -> Reversed:
    """Record a refund, a dispute, or a dispute that was won, and bring the sale's rewards in line.

    ``amount`` is in major units of the sale's currency; None means all that is left, or all that the dispute took.
    Refunds and open disputes add up, to the whole sale at most. Delivered twice, the first result is returned.
    ``actor`` is the member of staff who records it; without, it is a system.
    Raises InvalidInput with all that is wrong (paths ``externalId``, ``reversalId``, ``kind``, ``amount``,
    ``occurredAt``), then NotFound for a sale or dispute that was never recorded, Conflict for the same ``reversal_id``
    with another amount, InvalidInput ``too_much`` for a dispute above the sale, or a refund above what was not refunded
    yet; then nothing is written.
    """
    with gathering() as mistakes:
        with mistakes.check():
            order = clean_text(external_id, max_length=120, path=("externalId",))
        with mistakes.check():
            number = clean_text(reversal_id, max_length=120, path=("reversalId",))
        with mistakes.check():
            _require_kind(kind)
        with mistakes.check():
            # Sales are in their programme's currency, so that no sale has to be found to judge how it is written.
            if amount is not None:
                parse_amount(amount, program.currency)
        with mistakes.check():
            when = moment(occurred_at, _("The reversal cannot be in the future."))
    with transaction.atomic():
        sale = sale_by_external_id(program_id=program.pk, source=source, external_id=order)
        if sale is None:
            raise NotFound(
                _("There is no sale with the id “%(id)s” in this programme.") % {"id": order},
                code="no_sale",
                path=("externalId",),
            )
        minor = None if amount is None else parse_amount(amount, sale.currency).amount_minor
        referral = _locked(sale)
        before = sale.reversed_minor
        reversal, created = get_or_create_reversal(
            sale=sale, kind=kind, external_id=number, amount_minor=minor, occurred_at=when, actor=actor
        )
        if not created:
            return Reversed(reversal, sale, False, [])
        groups = _regroup(sale, referral, before)
        rewards = adjust_rewards(sale=sale, referral=referral, reversal=reversal, groups=groups.stand)
        if rewards:
            release_later(program_id=program.pk)  # what they give back may be enough for somebody who waits
        _stage(program, sale, referral, actor)
        announce(
            Kind.SALE_REVERSED,
            reversal,
            program=program,
            referrer_id=referral.referrer_id,
            signal=signals.sale_reversed,
        )
    return Reversed(reversal, sale, True, rewards)


def _require_kind(kind: str) -> None:
    if kind not in ReversalKind.values:
        raise InvalidInput(_("Use “refund”, “dispute” or “dispute_won”."), code="invalid_kind", path=("kind",))


def _locked(sale: Sale) -> Referral:
    """The sale's referral; it, the referrer's standing and the sale are locked, in this order."""
    referral = lock_referral(referral_id=sale.referral_id)
    lock_standing(referrer=referral.referrer)
    fresh = Sale.objects.select_for_update(of=("self",), no_key=True).get(pk=sale.pk)
    sale.reversed_minor = fresh.reversed_minor
    return referral


def _regroup(sale: Sale, referral: Referral, before: int) -> Regrouped:
    """Before any reward is locked: groups come first in the order of locks."""
    if sale.reversed_minor >= sale.amount_minor:
        return ungroup_sale(referral=referral, sale=sale)
    if before >= sale.amount_minor:
        return regroup_sale(referral=referral, sale=sale)
    return Regrouped()


def _stage(program: Program, sale: Sale, referral: Referral, actor: User | None) -> None:
    """A friend without a sale that stands is no customer any more; one whose dispute was won is one again."""
    stands = has_standing_sale(referral_id=referral.pk)
    if referral.stage == Stage.QUALIFIED and not stands:
        retract(referral=referral, counts=counts_for_referrer(referral), actor=actor)
        announce(Kind.REFERRAL_RETRACTED, referral, program=program, referrer_id=referral.referrer_id)
    elif referral.stage == Stage.RETRACTED and stands:
        qualify(referral=referral, at=sale.occurred_at, counts=counts_for_referrer(referral), actor=actor)
        announce(Kind.REFERRAL_QUALIFIED, referral, program=program, referrer_id=referral.referrer_id)
