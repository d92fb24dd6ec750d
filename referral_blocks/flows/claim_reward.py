"""The owner of a reward asks for it: only then is it ordered."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.errors import NotFound, NotPossibleNow
from referral_blocks.people.models import Person
from referral_blocks.rewards.locks import lock_rewards
from referral_blocks.rewards.models import Reward, RewardChange, RewardState

from .pay_reward import draft_payout, goes_out_at_once, release_payout, waits_for_claim
from .step_reward import announce_reward

UNDERWAY = (RewardState.RESERVED, RewardState.ISSUED, RewardState.REDEEMED)


def claim_reward(*, reward: Reward, person: Person) -> bool:
    """Order the reward, once; False when it was claimed before, and nothing changes.

    What asks for a second person, or goes out in runs, is marked as claimed and waits for the next run. Raises NotFound
    for somebody else's reward, NotPossibleNow for one that is not there to be claimed; then nothing is written.
    """
    with transaction.atomic():
        (now,) = lock_rewards(ids=[reward.pk])
        if now.person_id != person.pk:
            raise NotFound(_("There is no such reward."))
        changed = _claim(now)
    reward.refresh_from_db()
    return changed


def _claim(reward: Reward) -> bool:
    if reward.state in UNDERWAY:
        return False
    if reward.state != RewardState.APPROVED:
        raise NotPossibleNow(_("This reward cannot be claimed now."))
    if not waits_for_claim(reward=reward):
        return False  # it waits for a run
    if reward.expires_at is not None and reward.expires_at <= timezone.now():
        raise NotPossibleNow(_("The time to claim this reward is over."))
    _mark(reward)
    if goes_out_at_once(reward=reward):
        release_payout(payout=draft_payout(rewards=[reward]), actor=None)
    else:
        announce_reward(Kind.REWARD_CHANGED, reward)
    return True


def _mark(reward: Reward) -> None:
    """Its owner has asked, whatever becomes of the first try to pay it: it never waits for them again."""
    reward.method_options = {**reward.method_options, "order_at": "claimed"}
    reward.expires_at = None  # they came in time, however long it then waits for a run or for staff
    reward.save(update_fields=["method_options", "expires_at"])
    RewardChange.objects.create(
        subject=reward, field="order_at", from_state="claim", to_state="claimed", reason="owner"
    )
