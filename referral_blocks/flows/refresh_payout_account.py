"""A person's account with a provider is read again: once it is ready, what waits for it is paid."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from referral_blocks.core.hashing import keyed_hash
from referral_blocks.payouts.account import AccountStates, PayoutAccount, PayoutDestination
from referral_blocks.payouts.provider import AccountState, ProviderUnavailable
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.selectors import needs_details
from referral_blocks.referrals.models import Referral
from referral_blocks.referrals.services import lock_referral
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import PendingReason, Reason, RewardState

from .each import for_each
from .pay_reward import approve_and_pay_if_clear
from .screen_referral import screen_referral
from .step_reward import clear_reason

logger = logging.getLogger(__name__)
SOON, LATER = timedelta(hours=1), timedelta(days=1)
YOUNG = timedelta(days=30)  # who has not finished by then is asked about once a day
BATCH = 50


def refresh_payout_account(*, provider: str, reference: str) -> bool:
    """Read the account and write down what it is; True when it is ready.

    What the provider says now decides, never what a message or an address says. Call it outside any transaction: the
    provider is asked, and each reward is paid in a transaction of its own. Raises ProviderUnavailable; then nothing has
    changed. Late, twice or in the wrong order, the result is the same.
    """
    account = PayoutAccount.objects.filter(provider=provider, reference=reference).exclude(reference="").first()
    if account is None or not is_registered(provider):
        return False
    asked_at = timezone.now()
    facts = payout_provider(provider).read_account(reference)
    _add_destinations(account, facts.destinations)
    # Before the account counts as ready, so that nothing is paid to a destination that nobody has looked at.
    for referral_id in _referrals_paid_to_one_place(account):
        _screen(referral_id, account)
    if not _set_state(account, facts.state, asked_at):
        return AccountStates(account.state) == AccountStates.READY
    if facts.state != AccountState.READY:
        return False
    for cleared in for_each(_waiting_ids(account), _clear):
        logger.debug("Payout details are there: %s", cleared)
    return True


def _add_destinations(account: PayoutAccount, destinations: Collection[str]) -> None:
    """As keyed hashes; one that was used once stays, because it still tells that two people are paid to one place."""
    keys = {keyed_hash("payout_destination", value) for value in destinations if value}
    PayoutDestination.objects.bulk_create(
        [PayoutDestination(account=account, key=key) for key in sorted(keys)], ignore_conflicts=True
    )


def _referrals_paid_to_one_place(account: PayoutAccount) -> list[int]:
    """Ids of the person's referrals, on either side, whose other side has a destination of theirs."""
    keys = PayoutDestination.objects.filter(account__person_id=account.person_id).values("key")
    others = PayoutDestination.objects.filter(key__in=keys).exclude(account__person_id=account.person_id)
    people = set(others.values_list("account__person_id", flat=True))
    if not people:
        return []
    mine = Q(friend_id=account.person_id, referrer__person_id__in=people)
    theirs = Q(referrer__person_id=account.person_id, friend_id__in=people)
    return list(Referral.objects.filter(mine | theirs).order_by("pk").values_list("pk", flat=True))


def _screen(referral_id: int, account: PayoutAccount) -> None:
    with transaction.atomic():
        referral = lock_referral(referral_id=referral_id)
        screen_referral(referral=referral, occasion=f"account:{account.pk}")


def _set_state(account: PayoutAccount, state: AccountState, asked_at: datetime) -> bool:
    """False, and nothing written, when somebody has asked later and was told sooner."""
    older = Q(checked_at=None) | Q(checked_at__lte=asked_at)
    mine = PayoutAccount.objects.filter(older, pk=account.pk, reference=account.reference)
    written = mine.update(state=str(state), checked_at=asked_at)
    account.refresh_from_db()
    return bool(written)


def _waiting_ids(account: PayoutAccount) -> list[int]:
    waits = PendingReason.objects.filter(
        reason=Reason.PAYOUT_DETAILS,
        reward__person_id=account.person_id,
        reward__method=account.provider,
        reward__state=RewardState.PENDING,
    )
    return list(waits.order_by("reward_id").values_list("reward_id", flat=True))


def _clear(reward_id: int) -> bool:
    with transaction.atomic():
        (reward,) = lock_rewards(ids=[reward_id])
        if needs_details(person_id=reward.person_id, provider=reward.method):
            return False  # it was ready, and is no longer
        cleared = clear_reason(reward=reward, reason=Reason.PAYOUT_DETAILS, cause="account_ready")
        approve_and_pay_if_clear(reward=reward)
    return cleared


def refresh_due_accounts() -> int:
    """Ask about the accounts whose news may have been lost; returns how many are ready now.

    Hourly about those that are not ready. Once a day about those that nobody finishes; those that are closed, which a
    wrong key of ours makes of all; and those that count as ready although rewards wait for them, because the provider
    has refused one since.
    """
    now = timezone.now()
    waits = PendingReason.objects.filter(
        reason=Reason.PAYOUT_DETAILS, reward__person=OuterRef("person"), reward__method=OuterRef("provider")
    )
    open_ = Q(state__in=(AccountStates.ONBOARDING, AccountStates.RESTRICTED))
    soon = open_ & Q(created_at__gt=now - YOUNG) & (Q(checked_at=None) | Q(checked_at__lt=now - SOON))
    later = (~Q(state=AccountStates.READY) | Q(Exists(waits))) & Q(checked_at__lt=now - LATER)
    due = PayoutAccount.objects.filter(soon | later).exclude(reference="")
    due = due.order_by(F("checked_at").asc(nulls_first=True), "pk")
    ready, silent = 0, set[str]()
    for account in due[:BATCH]:
        if account.provider in silent:
            continue
        try:
            ready += refresh_payout_account(provider=account.provider, reference=account.reference)
        except ProviderUnavailable as error:
            # Nobody else's account can be read there now either.
            silent.add(account.provider)
            logger.warning("Payout accounts with %s cannot be read: %s", account.provider, error)
        except Exception:
            logger.exception("Payout account %s cannot be refreshed", account.pk)
    return ready
