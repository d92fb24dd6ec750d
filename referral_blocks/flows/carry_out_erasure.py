"""An erasure is carried out, step by step: each may be done again, so that a crash, or two at once, leaves nothing
behind. What payouts on their way still need goes last, once they have arrived."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from referral_blocks.core import queue
from referral_blocks.emails.erasure import forget_mails
from referral_blocks.fraud.erasure import forget_findings, hide_blocked
from referral_blocks.groups import erasure as groups
from referral_blocks.ledger.forfeit import give_up_points
from referral_blocks.links.erasure import forget_visitors, retire_links
from referral_blocks.payouts.erasure import (
    account_references,
    forget_recipient,
    not_begun,
    on_their_way,
    tell_providers,
)
from referral_blocks.payouts.providers.manual import erasure as handovers
from referral_blocks.payouts.providers.runa import erasure as cards
from referral_blocks.people.erasure import finish_erasure
from referral_blocks.people.models import Person, PersonErasure
from referral_blocks.referrals.erasure import forget_claims, forget_friend, own_visits
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrals.services import UNEARNED
from referral_blocks.referrers.erasure import end_sign_ins, renew_ids
from referral_blocks.rewards import erasure as rewards
from referral_blocks.rewards.models import Reward, RewardState
from referral_blocks.sales.erasure import forget_buyer, forget_in_files
from referral_blocks.sales.models import Sale
from referral_blocks.webhooks.erasure import forget_accounts

from .cancel_payouts import cancel_rewards
from .each import for_each
from .erase_person import ERASE_TASK
from .withdraw_referral import close_referral

BATCH = 100  # rewards a transaction
WAITS_FOR_OWNER = timedelta(days=14)  # how long a gift card that came late may still be looked at
REASON = "erased"


def carry_out_erasure(*, erasure_id: int) -> bool:
    """Do what can be done now; True when nothing is left to do."""
    erasure = PersonErasure.objects.select_related("person").get(pk=erasure_id)
    if erasure.done_at is not None:
        return True
    _give_up(erasure.person)
    _forget_at_once(erasure.person)
    if waits_for(erasure=erasure):
        return False
    _forget_at_last(erasure.person)
    was_customer = Sale.objects.filter(referral__friend_id=erasure.person_id).exists()
    return finish_erasure(erasure=erasure, was_customer=was_customer)


def waits_for(*, erasure: PersonErasure) -> bool:
    """Whether something is still on its way to the person, or lies there for them to look at."""
    if on_their_way(person_id=erasure.person_id).exists():
        return True
    late = cards.unseen_cards(person_id=erasure.person_id, since=erasure.created_at)
    return late.filter(created_at__gt=timezone.now() - WAITS_FOR_OWNER).exists()


def resume_erasures() -> int:
    """Queue those that wait or were left half done; cancel what came back to somebody who is erased, such as a reward
    whose payout failed. Returns how many were queued."""
    waiting = PersonErasure.objects.filter(done_at=None).order_by("pk").values_list("pk", flat=True)
    for pk in (ids := list(waiting)):
        queue.enqueue(ERASE_TASK, pk)
    again = Reward.objects.filter(person__erased_at__isnull=False, state__in=rewards.OPEN)
    people = Person.objects.filter(pk__in=again.order_by().values("person")).exclude(erasure__done_at=None)
    for _done in for_each(people.order_by("pk"), _give_up):
        pass
    return len(ids)


def _give_up(person: Person) -> None:
    """Cancel what is open. Each reward has its own audit row and its own entry in the ledger, as when staff cancel it;
    so many a transaction that nobody waits long for its locks."""
    unsent = Q(state=RewardState.RESERVED, payout_items__released=False)
    unsent &= Q(payout_items__payout__in=not_begun(person_id=person.pk))
    mine = Reward.objects.filter(person_id=person.pk).order_by("pk")
    ids = list(mine.filter(Q(state__in=rewards.OPEN) | unsent).values_list("pk", flat=True).distinct())
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            cancel_rewards(rewards=Reward.objects.filter(pk__in=ids[start : start + BATCH]), reason=REASON)
    give_up_points(person_id=person.pk)


def _forget_at_once(person: Person) -> None:
    pk = person.pk
    for referral in Referral.objects.filter(friend_id=pk, stage__in=UNEARNED).order_by("pk"):
        # Nobody will find this friend again when they buy.
        close_referral(referral=referral, to=Stage.WITHDRAWN, reason="", actor=None)
    own = own_visits(person_id=pk)
    end_sign_ins(person_id=pk)
    retire_links(person_id=pk)
    renew_ids(person_id=pk)
    forget_visitors(person_id=pk, own=own)
    forget_friend(person_id=pk)
    forget_claims(person_id=pk, name=person.name, contacts=(person.email, person.phone))
    groups.forget_notes(person_id=pk)
    forget_buyer(person_id=pk)
    forget_in_files(words=(person.email, person.phone))
    rewards.forget_notes(person_id=pk)
    forget_findings(person_id=pk)
    hide_blocked(email=person.email, phone=person.phone)


def _forget_at_last(person: Person) -> None:
    pk = person.pk
    forget_accounts(references=account_references(person_id=pk))
    forget_recipient(person_id=pk)
    handovers.forget_recipient(person_id=pk)
    cards.forget_links(person_id=pk)
    tell_providers(person_id=pk)
    forget_mails(person_id=pk)
    queue.forget_results([person.email, person.phone])
