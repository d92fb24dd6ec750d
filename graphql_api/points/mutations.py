"""A referrer exchanges points."""

from __future__ import annotations

import uuid
from typing import Annotated

import strawberry
from django.utils.translation import gettext_lazy as _

from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.rewards.types import Reward
from graphql_api.signed_in import OwnPayload, node_key, require_referrer
from referral_blocks.core.errors import DomainError, InvalidInput, NotFound
from referral_blocks.flows.exchange_points import exchange_points
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import RewardRule

from .types import Points

WHICH = "The programme’s slug; needed only by somebody who is signed in to several."


@strawberry.input(description="What points are exchanged for.")
class ExchangePointsInput:
    offer: strawberry.ID = strawberry.field(description="The id of one of viewer.points.offers.")
    exchange_id: strawberry.ID = strawberry.field(
        description="That offer’s exchangeId, or a UUID that the client has made for this one exchange: sent again, it "
        "changes nothing and gets the same answer."
    )
    program: str | None = strawberry.field(default=None, description=WHICH)


@strawberry.type(description="What the points were exchanged for.")
class ExchangePointsPayload(OwnPayload):
    reward: Reward | None = strawberry.field(default=None, description="The reward; null when refused.")
    points: Points | None = strawberry.field(default=None, description="What is left; null when refused.")
    already_exchanged: bool = strawberry.field(default=False, description="Whether this exchange had been done before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class PointsMutation:
    @strawberry.mutation(description="Exchange the signed-in referrer’s points for something that they buy.")
    def exchange_points(
        self, info: Info, given: Annotated[ExchangePointsInput, strawberry.argument(name="input", description="What.")]
    ) -> ExchangePointsPayload | None:
        try:
            referrer = require_referrer(info.context, given.program, purpose="exchange_points")
            done = exchange_points(
                referrer=referrer, rule=_offer(referrer, given.offer), exchange_id=_exchange_id(given.exchange_id)
            )
        except DomainError as error:
            return ExchangePointsPayload(errors=user_errors(error))
        return ExchangePointsPayload(
            reward=done.reward,  # type: ignore[arg-type]
            points=Points(referrer=referrer),
            already_exchanged=not done.created,
            session=info.context.session(given.program),
        )


def _offer(referrer: Referrer, global_id: str) -> RewardRule:
    key = node_key(global_id, "PointsOffer")
    found = RewardRule.objects.filter(program=referrer.program_id)
    rule = found.filter(pk=int(key)).first() if key.isascii() and key.isdecimal() and len(key) < 19 else None
    if rule is None:
        raise NotFound(_("There is no such offer in this programme."), path=("offer",))
    return rule


def _exchange_id(text: str) -> str:
    """In one form, and long enough that nobody guesses another's: an id is used once in a programme."""
    try:
        return uuid.UUID(text).hex
    except ValueError:
        raise InvalidInput(_("Send the offer’s exchangeId, or a UUID."), path=("exchangeId",)) from None
