"""Systems approve and cancel rewards, and staff end a hold early. Each mutation calls the flow of the same name."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry import relay

from graphql_api.access.scopes import at_work, needs, needs_person, of_site
from graphql_api.context import Info
from graphql_api.errors import UserError, user_errors
from graphql_api.permissions import require_person
from graphql_api.rewards.types import RewardSummary
from referral_blocks.access.models import Scope
from referral_blocks.core.errors import DomainError
from referral_blocks.core.text import clean_text
from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.release_hold import release_hold
from referral_blocks.flows.void_reward import void_reward
from referral_blocks.rewards.models import Reward

from .rewards import RewardRecord

NEEDS = needs(Scope.REWARDS_WRITE)


@strawberry.input(description="Which reward is approved.")
class ApproveRewardInput:
    id: relay.GlobalID = strawberry.field(description="The reward’s id.")


@strawberry.type(description="The reward after the approval; a second delivery gets the same.")
class ApproveRewardPayload:
    reward: RewardSummary | None = strawberry.field(default=None, description="The reward; null when refused.")
    already_approved: bool = strawberry.field(
        default=False, description="Whether it no longer waited for an approval before."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Which reward is cancelled, and why.")
class VoidRewardInput:
    id: relay.GlobalID = strawberry.field(description="The reward’s id.")
    note: str = strawberry.field(description="Why; kept for ever.")


@strawberry.type(description="The reward after it was cancelled; a second delivery gets the same.")
class VoidRewardPayload:
    reward: RewardSummary | None = strawberry.field(default=None, description="The reward; null when refused.")
    already_void: bool = strawberry.field(default=False, description="Whether it had been cancelled before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.input(description="Which reward’s hold ends, and why.")
class ReleaseHoldInput:
    id: relay.GlobalID = strawberry.field(description="The reward’s id.")
    note: str = strawberry.field(description="Why; kept for ever.")


@strawberry.type(description="The reward after the end of its hold; a second delivery gets the same.")
class ReleaseHoldPayload:
    reward: RewardSummary | None = strawberry.field(default=None, description="The reward; null when refused.")
    already_over: bool = strawberry.field(default=False, description="Whether the hold had been over before.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused; else empty.")


@strawberry.type
class RewardsServerMutation:
    @strawberry.mutation(
        description=(
            "Approve a reward: once it waits for nothing else, it is paid. What asks for two people, or goes out with "
            f"a run, waits for its run. {NEEDS}"
        )
    )
    def approve_reward(
        self,
        info: Info,
        given: Annotated[ApproveRewardInput, strawberry.argument(name="input", description="The reward.")],
    ) -> ApproveRewardPayload | None:
        with at_work(info.context, Scope.REWARDS_WRITE) as by:
            try:
                reward = of_site(by, Reward, given.id, RewardRecord)
                done = approve_reward(reward=reward, actor=by.user)
            except DomainError as error:
                return ApproveRewardPayload(errors=user_errors(error))
        return ApproveRewardPayload(reward=reward, already_approved=not done)  # type: ignore[arg-type]

    @strawberry.mutation(
        description=f"Cancel a reward that is not on its way yet. {NEEDS}",
    )
    def void_reward(
        self,
        info: Info,
        given: Annotated[VoidRewardInput, strawberry.argument(name="input", description="The reward.")],
    ) -> VoidRewardPayload | None:
        with at_work(info.context, Scope.REWARDS_WRITE) as by:
            try:
                note = clean_text(given.note, max_length=500, path=("note",), lines=True)
                reward = of_site(by, Reward, given.id, RewardRecord)
                done = void_reward(reward=reward, reason="person" if by.user else "api", note=note, actor=by.user)
            except DomainError as error:
                return VoidRewardPayload(errors=user_errors(error))
        return VoidRewardPayload(reward=reward, already_void=not done)  # type: ignore[arg-type]

    @strawberry.mutation(
        description=(
            "End a reward’s hold before its time: once it waits for nothing else, it is paid. The hold is there for "
            f"returns, so that it rests on a person’s judgement. {needs_person()}"
        )
    )
    def release_hold(
        self,
        info: Info,
        given: Annotated[ReleaseHoldInput, strawberry.argument(name="input", description="The reward, and why.")],
    ) -> ReleaseHoldPayload | None:
        by, person = require_person(info.context, "release_hold")
        try:
            reward = of_site(by, Reward, given.id, RewardRecord)
            done = release_hold(reward=reward, actor=person, note=given.note)
        except DomainError as error:
            return ReleaseHoldPayload(errors=user_errors(error))
        return ReleaseHoldPayload(reward=reward, already_over=not done)  # type: ignore[arg-type]
