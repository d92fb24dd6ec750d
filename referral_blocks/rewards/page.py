"""The address of a reward’s own page: a signed token that stands for one reward of one person."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.urls import reverse

from referral_blocks.core.conf import get_conf
from referral_blocks.core.tokens import make_token, read_token

from .models import Reward

PURPOSE = "reward"
FOR_EVER = 100 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class RewardToken:
    """Whose reward it is; an old token opens nothing, but a new one may be mailed to its owner."""

    reward: Reward
    is_fresh: bool


def reward_url(reward: Reward) -> str:
    """Where the owner sees the reward, says where to send it, claims it and is shown it. Whoever has the address can:
    give it to the owner’s mailbox or to a verified session of theirs, nowhere else."""
    return reward.program.site.root_url + reverse("referral_blocks:reward", args=[make_reward_token(reward)])


def make_reward_token(reward: Reward) -> str:
    return make_token(PURPOSE, [reward.public_id.hex, reward.person.public_id.hex])


def read_reward_token(token: str) -> RewardToken | None:
    """The reward, or None for a token that is forged or of somebody who no longer owns it."""
    fresh = read_token(PURPOSE, token, max_age=get_conf().REWARD_LINK_SECONDS)
    payload = fresh if fresh is not None else read_token(PURPOSE, token, max_age=FOR_EVER)
    if not isinstance(payload, list) or len(payload) != 2:
        return None
    try:
        reward_id, person_id = (uuid.UUID(hex=str(part)) for part in payload)
    except ValueError:
        return None
    found = Reward.objects.filter(public_id=reward_id, person__public_id=person_id)
    reward = found.select_related("person", "program__site").first()
    return RewardToken(reward, fresh is not None) if reward else None
