"""The referrer who is signed in."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated

import strawberry
import strawberry_django
from strawberry import relay

from graphql_api.activity.queries import After as AfterActivity
from graphql_api.activity.queries import First as FirstActivity
from graphql_api.activity.queries import own_activity
from graphql_api.activity.types import ActivityUpdate
from graphql_api.connections import MAX_PAGE, Pages
from graphql_api.context import Info
from graphql_api.links.types import ReferralLink, ViewerLink
from graphql_api.payouts.types import PayoutAccount, accounts_of
from graphql_api.permissions import require_verified
from graphql_api.points.statement import After, Before, First, Last, StatementLineConnection, statement_of
from graphql_api.points.types import Points
from graphql_api.programs.types import Program
from graphql_api.referrals.types import Referral, ViewerReferralFilter, ViewerReferralOrder, referrals_of
from graphql_api.rewards.types import Reward, ViewerRewardFilter, ViewerRewardOrder, rewards_of
from graphql_api.scalars import EmailAddress
from referral_blocks.analytics import standing as figures
from referral_blocks.links.models import ReferralLink as LinkModel
from referral_blocks.links.selectors import link_of_session
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import Session

from .consents import Consents
from .opened_groups import ViewerGroup, ViewerGroupOffer, own_group_offers, own_groups
from .standing import Milestone, Standing, milestones_of

NEEDS_VERIFIED = "Null with the error UNVERIFIED until the sign-in link in the referrer’s mail was opened."
ReferralsAsked = Annotated[ViewerReferralFilter | None, strawberry.argument(description="Which; all if left out.")]
ReferralsOrder = Annotated[ViewerReferralOrder, strawberry.argument(description="In which order.")]
RewardsAsked = Annotated[ViewerRewardFilter | None, strawberry.argument(description="Which; all if left out.")]
RewardsOrder = Annotated[ViewerRewardOrder, strawberry.argument(description="In which order.")]


# Not “Viewer”: of a type of that name Relay’s compiler wants a field “viewer” without arguments, or refuses to read a
# list on in pages.
@strawberry.type(name="Referrer", description="The referrer who is signed in, in one programme.")
class Viewer(relay.Node):
    """An id, by which clients' caches know that a query, a mutation and a subscription speak of the same."""

    session: strawberry.Private[Session]

    @classmethod
    def resolve_id(cls, root: Viewer, *, info: Info) -> str:  # type: ignore[override]
        return str(root.session.referrer.public_id)

    @classmethod
    def resolve_nodes(  # type: ignore[override]
        cls, *, info: Info, node_ids: Iterable[str], required: bool = False
    ) -> list[Viewer | None]:
        own = {str(session.referrer.public_id): cls(session=session) for session in info.context.sessions}
        return [own.get(text) for text in node_ids]

    @strawberry.field(description="The programme that they share.")
    def program(self) -> Program:
        return self.session.referrer.program

    @strawberry.field(
        description="What has happened to them since a cursor, for polling; the subscription viewerStanding tells it "
        f"as it happens. {NEEDS_VERIFIED}"
    )
    def activity(self, after: AfterActivity = None, first: FirstActivity = None) -> ActivityUpdate | None:
        return own_activity(self._verified.pk, after, first)

    @strawberry.field(description="The link that they are shown.")
    def link(self) -> ReferralLink:
        link = link_of_session(self.session)
        if link is None:
            require_verified(self.session)
        return link  # type: ignore[return-value]

    @strawberry_django.connection(
        Pages[ViewerLink] | None,  # type: ignore[arg-type]
        description=f"All their links, the one that is shown first, then the newest, at most {MAX_PAGE} at once. "
        f"{NEEDS_VERIFIED}",
        max_results=MAX_PAGE,
    )
    def links(self) -> Iterable[ViewerLink]:
        return LinkModel.objects.filter(referrer=self._verified).order_by("-is_primary", "-pk")  # type: ignore[return-value]

    @strawberry.field(description=f"Their first name; empty when it is not known. {NEEDS_VERIFIED}")
    def first_name(self) -> str | None:
        return self._verified.person.first_name

    @strawberry.field(description=f"The e-mail address with which they are signed in: their own. {NEEDS_VERIFIED}")
    def email(self) -> EmailAddress | None:
        return EmailAddress(self._verified.person.email)

    @strawberry.field(description=f"Where their first name may be read. {NEEDS_VERIFIED}")
    def consents(self) -> Consents | None:
        return Consents.of(self._verified)

    @strawberry.field(description=f"How they are doing. {NEEDS_VERIFIED}")
    def standing(self) -> Standing | None:
        return Standing.of(self._figures)

    @strawberry.field(
        description="The numbers of friends from which more is promised, nearest first, those that are reached too; "
        f"empty where every friend brings the same. {NEEDS_VERIFIED}"
    )
    def milestones(self) -> list[Milestone] | None:
        return milestones_of(self._verified, self._figures)

    @strawberry_django.connection(
        Pages[Referral] | None,  # type: ignore[arg-type]
        description=f"Their friends, at most {MAX_PAGE} at once. {NEEDS_VERIFIED}",
        max_results=MAX_PAGE,
    )
    def referrals(
        self,
        filter: ReferralsAsked = None,  # noqa: A002 - the argument's name
        order_by: ReferralsOrder = ViewerReferralOrder.NEWEST_FIRST,
    ) -> Iterable[Referral]:
        return referrals_of(self._verified.pk, filter, order_by)  # type: ignore[return-value]

    @strawberry_django.connection(
        Pages[Reward] | None,  # type: ignore[arg-type]
        description=f"Their rewards, at most {MAX_PAGE} at once. {NEEDS_VERIFIED}",
        max_results=MAX_PAGE,
    )
    def rewards(
        self,
        filter: RewardsAsked = None,  # noqa: A002 - the argument's name
        order_by: RewardsOrder = ViewerRewardOrder.NEWEST_FIRST,
    ) -> Iterable[Reward]:
        referrer = self._verified
        return rewards_of(referrer.person_id, referrer.program_id, filter, order_by)  # type: ignore[return-value]

    @strawberry.field(description=f"Their points. {NEEDS_VERIFIED}")
    def points(self) -> Points | None:
        return Points(referrer=self._verified)

    @strawberry.field(
        description="Every movement of what they are owed, oldest first, with what they were owed after it; at most "
        f"{MAX_PAGE} at once: ask for last to have the newest. {NEEDS_VERIFIED}"
    )
    def statement(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> StatementLineConnection | None:
        return statement_of(self._verified, "", first=first, after=after, last=last, before=before)

    @strawberry.field(
        description="Their accounts with payment providers, those that this programme needs and they lack too. "
        f"{NEEDS_VERIFIED}"
    )
    def payout_accounts(self) -> list[PayoutAccount] | None:
        return accounts_of(self._verified)

    @strawberry_django.connection(
        Pages[ViewerGroup] | None,  # type: ignore[arg-type]
        description=f"The groups that they have opened, newest first, at most {MAX_PAGE} at once. {NEEDS_VERIFIED}",
        max_results=MAX_PAGE,
    )
    def groups(self) -> Iterable[ViewerGroup]:
        return own_groups(self._verified)  # type: ignore[return-value]

    @strawberry.field(description=f"For what they can open a group, at most {MAX_PAGE}. {NEEDS_VERIFIED}")
    def group_offers(self) -> list[ViewerGroupOffer] | None:
        return own_group_offers(self._verified, limit=MAX_PAGE)

    @property
    def _verified(self) -> Referrer:
        require_verified(self.session)
        return self.session.referrer

    @cached_property
    def _figures(self) -> figures.Standing:
        return figures.standing_of(referrer=self._verified)
