"""A person is erased: asked for by themselves from their mailbox, or by staff; the money that is open is looked at
first. docs/adr/0016-erasing-a-person.md says what goes, what stays and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core import queue
from referral_blocks.core.errors import InvalidInput, NotPossibleNow
from referral_blocks.core.money import Money
from referral_blocks.ledger.forfeit import points_left
from referral_blocks.links.services import set_greeting
from referral_blocks.payouts.erasure import not_begun, on_their_way
from referral_blocks.payouts.providers.runa.erasure import unseen_cards
from referral_blocks.people.erasure import begin_erasure, lock_person
from referral_blocks.people.models import ErasureReason, Person, PersonErasure
from referral_blocks.referrers.erasure import end_sign_ins
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.erasure import open_rewards

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ERASE_TASK = "referral_blocks.flows.tasks.carry_out_erasure"


@dataclass(frozen=True, slots=True)
class OpenValue:
    """What a person has not received. ``amounts`` is what rewards and payouts that nobody has begun to send are worth,
    a currency each; all of it is lost with an erasure. ``on_their_way`` payouts arrive first."""

    rewards: int = 0
    amounts: tuple[Money, ...] = ()
    points: int = 0
    gift_cards: int = 0
    on_their_way: int = 0

    @property
    def would_be_lost(self) -> bool:
        return bool(self.rewards or self.points or self.gift_cards)


def open_value(*, person: Person) -> OpenValue:
    """Five queries, whatever the history."""
    waiting = open_rewards(person_id=person.pk)
    unsent = not_begun(person_id=person.pk)
    sums: dict[str, int] = {}
    count = 0
    for currency, minor in [
        *waiting.order_by().values_list("currency", "amount_minor"),
        *unsent.order_by().values_list("currency", "amount_minor"),
    ]:
        sums[currency] = sums.get(currency, 0) + minor
        count += 1
    return OpenValue(
        rewards=count,
        amounts=tuple(Money(minor, currency) for currency, minor in sorted(sums.items())),
        points=points_left(person_id=person.pk),
        gift_cards=unseen_cards(person_id=person.pk).count(),
        on_their_way=on_their_way(person_id=person.pk).count(),
    )


def erase_person(
    *,
    person: Person,
    reason: str = ErasureReason.OWNER,
    gives_up: bool = False,
    no_mail: bool = False,
    actor: User | None = None,
) -> PersonErasure:
    """Begin the erasure, for good: from now on the person is signed in nowhere, found by no address, and earns nothing;
    the rest follows in the background. Asked twice, the first one stands.

    ``gives_up`` says that what is open may be lost, ``no_mail`` that the mailbox is never to be written to again.
    Raises NotPossibleNow (``open_rewards``, path ``giveUp``) when something is open and was not given up, and
    InvalidInput (path ``reason``); then nothing is written.
    """
    if reason not in ErasureReason.values:
        raise InvalidInput(_("Choose only from the list."), code="unknown_choice", path=("reason",))
    with transaction.atomic():
        locked = lock_person(person_id=person.pk)
        if (begun := PersonErasure.objects.filter(person=locked).first()) is not None:
            return begun
        if not gives_up and open_value(person=locked).would_be_lost:
            raise NotPossibleNow(
                _("There are rewards that have not been received. Wait for them, or say that they may be lost."),
                code="open_rewards",
                path=("giveUp",),
            )
        erasure = begin_erasure(person=locked, reason=reason, gives_up=gives_up, no_mail=no_mail, actor=actor)
        end_sign_ins(person_id=locked.pk)
        for referrer in Referrer.objects.filter(person=locked):
            set_greeting(referrer=referrer, name="")
        queue.enqueue(ERASE_TASK, erasure.pk)
    return erasure
