"""Who may act as a referrer, and what is theirs: of whoever proved that the mailbox is theirs, by opening the sign-in
link in it."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import strawberry
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from strawberry.relay.utils import from_base64

from referral_blocks.core import ratelimit
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import Session

from .context import Context, Info
from .errors import ErrorCode, refusal
from .permissions import require_verified

if TYPE_CHECKING:
    from .referrers.types import Viewer

M = TypeVar("M", bound=Model)
RATE = "60/minute"  # a referrer and mutation


def require_referrer(context: Context, program_slug: str | None, *, purpose: str, rate: str = RATE) -> Referrer:
    """The referrer of the verified session, in the programme that is named or the only one, and one try of theirs
    counted. Raises GraphQLError (UNAUTHENTICATED, UNVERIFIED) and TooManyRequests, before anything else is looked at.
    """
    session = context.session(program_slug)
    if session is None:
        raise refusal(ErrorCode.UNAUTHENTICATED, _("Sign in first: ask for a sign-in link."))
    require_verified(session)
    ratelimit.check_rate(purpose, str(session.referrer.pk), limit=rate)
    return session.referrer


@strawberry.type
class OwnPayload:
    """What a mutation of a referrer’s gives back; ``session``: theirs, once it was done."""

    session: strawberry.Private[Session | None] = None

    @strawberry.field(
        description="The signed-in referrer as they are now, so that whatever a client keeps of them follows; null "
        "when refused."
    )
    def viewer(self, info: Info) -> Annotated[Viewer, strawberry.lazy("graphql_api.referrers.types")] | None:
        # By its name: the type stands above the concepts whose payloads these are.
        kind: Any = info.schema.get_type_by_name("Referrer")
        return kind.origin(session=self.session) if self.session is not None else None


class Own:
    """A row of the signed-in referrer's. Whichever way it is asked for – in a list of theirs, by its global id – nobody
    else is given it; ``own`` says which rows those of some referrers are."""

    @classmethod
    def own(cls, referrers: list[Referrer]) -> Q:
        return Q(referrer__in=referrers)

    @classmethod
    def get_queryset(cls, queryset: QuerySet[M], info: Info, **_given: Any) -> QuerySet[M]:
        verified = [session.referrer for session in info.context.sessions if session.verified]
        return queryset.filter(cls.own(verified)) if verified else queryset.none()


def pairs_of(referrers: list[Referrer]) -> Q:
    """Rows that belong to a person in a programme, which is what a referrer is."""
    own = Q(pk__in=[])
    for referrer in referrers:
        own |= Q(person=referrer.person_id, program=referrer.program_id)
    return own


def node_key(global_id: str, kind: str) -> str:
    """What stands in a global id of this type; empty for any other text, which then names nothing."""
    try:
        name, key = from_base64(global_id)
    except (ValueError, binascii.Error):
        return ""
    return key if name == kind else ""
