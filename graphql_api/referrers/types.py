"""The referrer who is signed in."""

from __future__ import annotations

from collections.abc import Iterable

import strawberry
import strawberry_django

from graphql_api.links.types import ReferralLink
from graphql_api.money.types import Money
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.permissions import require_verified
from graphql_api.programs.types import Program
from graphql_api.referrals.types import Referral
from graphql_api.rewards.types import Reward
from referral_blocks.analytics.standing import standing_of
from referral_blocks.links.selectors import link_of_session
from referral_blocks.referrals.models import Referral as ReferralModel
from referral_blocks.referrers.session import Session
from referral_blocks.rewards.models import Reward as RewardModel

NEEDS_VERIFIED = "Null with the error UNVERIFIED until the sign-in link in the referrer’s mail was opened."


@strawberry.type(description="How a referrer is doing, in one programme.")
class Standing:
    visits: int = strawberry.field(description="Visits through their links.")
    friends: int = strawberry.field(description="Friends who left their details.")
    qualified: int = strawberry.field(description="Friends who are customers now and count.")
    pending: Money = strawberry.field(description="Rewards on their way.")
    earned: Money = strawberry.field(description="Rewards received.")


@strawberry.type(description="The referrer who is signed in, in one programme.")
class Viewer:
    session: strawberry.Private[Session]

    @strawberry.field(description="The programme that they share.")
    def program(self) -> Program:
        return self.session.referrer.program

    @strawberry.field(description="Their link.")
    def link(self) -> ReferralLink:
        link = link_of_session(self.session)
        if link is None:
            require_verified(self.session)
        return link  # type: ignore[return-value]

    @strawberry.field(description=f"Their first name; empty when it is not known. {NEEDS_VERIFIED}")
    def first_name(self) -> str | None:
        require_verified(self.session)
        return self.session.referrer.person.first_name

    @strawberry.field(description=f"How they are doing. {NEEDS_VERIFIED}")
    def standing(self) -> Standing | None:
        require_verified(self.session)
        now = standing_of(referrer=self.session.referrer)
        return Standing(
            visits=now.visits,
            friends=now.friends,
            qualified=now.qualified,
            pending=Money.of(now.pending),
            earned=Money.of(now.earned),
        )

    @strawberry_django.connection(
        Pages[Referral] | None,  # type: ignore[arg-type]
        description=f"Their friends, newest first, at most {MAX_PAGE} at once. {NEEDS_VERIFIED}",
        max_results=MAX_PAGE,
    )
    def referrals(self) -> Iterable[Referral]:
        require_verified(self.session)
        return ReferralModel.objects.filter(referrer=self.session.referrer).order_by("-attributed_at", "-pk")  # type: ignore[return-value]

    @strawberry_django.connection(
        Pages[Reward] | None,  # type: ignore[arg-type]
        description=f"Their rewards, newest first, at most {MAX_PAGE} at once. {NEEDS_VERIFIED}",
        max_results=MAX_PAGE,
    )
    def rewards(self) -> Iterable[Reward]:
        require_verified(self.session)
        referrer = self.session.referrer
        return RewardModel.objects.filter(person_id=referrer.person_id, program_id=referrer.program_id)  # type: ignore[return-value]
