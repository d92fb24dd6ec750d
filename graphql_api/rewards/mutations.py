"""What the owner of a reward does with it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

import strawberry
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.scalars import URL
from graphql_api.signed_in import OwnPayload, node_key, require_referrer
from referral_blocks.core.errors import DomainError, NotFound
from referral_blocks.flows.claim_reward import claim_reward
from referral_blocks.flows.show_gift_card import gift_card_of, show_gift_card
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards import models

from .types import Reward

WHICH = "The programme’s slug; needed only by somebody who is signed in to several."
PURPOSE, RATE = "reward", "30/minute"  # as for the page of a reward


@strawberry.input(description="Which reward is claimed.")
class ClaimRewardInput:
    id: strawberry.ID = strawberry.field(description="The reward’s id.")
    program: str | None = strawberry.field(default=None, description=WHICH)


@strawberry.type(description="The reward that was claimed, now or before.")
class ClaimRewardPayload(OwnPayload):
    reward: Reward | None = strawberry.field(default=None, description="The reward; null when refused.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Which reward’s gift card is looked at.")
class ShowGiftCardInput:
    id: strawberry.ID = strawberry.field(description="The reward’s id.")
    program: str | None = strawberry.field(default=None, description=WHICH)


@strawberry.type(description="A gift card. Whoever has its link has the money: show it, and keep it nowhere.")
class ShowGiftCardPayload:
    url: URL | None = strawberry.field(default=None, description="The gift card’s own page; null when refused.")
    expires_at: datetime | None = strawberry.field(default=None, description="When it expires; null: never.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class RewardsMutation:
    @strawberry.mutation(description="Ask for a reward that is only ordered once its owner asks; twice is as once.")
    def claim_reward(
        self, info: Info, given: Annotated[ClaimRewardInput, strawberry.argument(name="input", description="Which.")]
    ) -> ClaimRewardPayload | None:
        try:
            referrer = require_referrer(info.context, given.program, purpose=PURPOSE, rate=RATE)
            reward = _own_reward(referrer, given.id)
            claim_reward(reward=reward, person=referrer.person)
        except DomainError as error:
            return ClaimRewardPayload(errors=user_errors(error))
        return ClaimRewardPayload(reward=reward, session=info.context.session(given.program))  # type: ignore[arg-type]

    @strawberry.mutation(
        description="Show a gift card to its owner. Each look is written down; the answer must not be stored anywhere."
    )
    def show_gift_card(
        self, info: Info, given: Annotated[ShowGiftCardInput, strawberry.argument(name="input", description="Which.")]
    ) -> ShowGiftCardPayload | None:
        try:
            referrer = require_referrer(info.context, given.program, purpose=PURPOSE, rate=RATE)
            return _shown(_own_reward(referrer, given.id), referrer)
        except DomainError as error:
            return ShowGiftCardPayload(errors=user_errors(error))


@sensitive_variables("link")
def _shown(reward: models.Reward, referrer: Referrer) -> ShowGiftCardPayload:
    link = show_gift_card(reward=reward, person=referrer.person)
    return ShowGiftCardPayload(url=link, expires_at=getattr(gift_card_of(reward=reward), "expires_at", None))


def _own_reward(referrer: Referrer, global_id: str) -> models.Reward:
    """The referrer's reward in this programme; raises NotFound for any other, and says no more."""
    try:
        key = uuid.UUID(node_key(global_id, "Reward"))
    except ValueError:
        key = None
    mine = models.Reward.objects.filter(person_id=referrer.person_id, program_id=referrer.program_id)
    reward = mine.filter(public_id=key).first() if key else None
    if reward is None:
        raise NotFound(_("There is no such reward."), path=("id",))
    return reward
