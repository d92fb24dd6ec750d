"""The owner of a gift card is shown its link, and nobody else."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from referral_blocks.core.crypto import CannotDecrypt
from referral_blocks.core.errors import NotFound, NotPossibleNow
from referral_blocks.payouts.models import PayoutChange, PayoutState
from referral_blocks.payouts.providers.runa.cards import link_of
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.people.models import Person
from referral_blocks.rewards.models import Reward


@sensitive_variables("link")
def show_gift_card(*, reward: Reward, person: Person) -> str:
    """The link: money for whoever holds it, never to be logged, stored or mailed. Each look is written down.

    Raises NotFound for somebody else's reward or one without a gift card, NotPossibleNow when it has expired or cannot
    be read; then nothing is written.
    """
    if reward.person_id != person.pk:
        raise NotFound(_("There is no such reward."))
    card = gift_card_of(reward=reward)
    if card is None:
        raise NotFound(_("There is no gift card for this reward."))
    if card.expires_at is not None and card.expires_at <= timezone.now():
        raise NotPossibleNow(_("This gift card has expired."))
    try:
        link = link_of(card)
    except CannotDecrypt:
        raise NotPossibleNow(_("This gift card cannot be shown at the moment. Please write to us.")) from None
    with transaction.atomic():
        GiftCard.objects.filter(pk=card.pk, first_shown_at=None).update(first_shown_at=timezone.now())
        PayoutChange.objects.create(
            subject_id=card.payout_id, field="gift_card", from_state="", to_state="shown", reason="owner"
        )
    return link


def gift_card_of(*, reward: Reward) -> GiftCard | None:
    """The gift card that paid the reward, or None: nobody sees one whose payout is not settled."""
    return GiftCard.objects.filter(
        payout__items__reward=reward, payout__items__released=False, payout__state=PayoutState.PAID
    ).first()
