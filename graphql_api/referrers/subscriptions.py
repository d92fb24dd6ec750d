"""Following one's own standing."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.translation import gettext as _

from graphql_api.activity.live import Topic, next_page
from graphql_api.activity.subscriptions import After
from graphql_api.activity.types import MAX_ACTIVITY, Activity, shown_to_referrer
from graphql_api.context import Context, Info
from graphql_api.errors import ErrorCode, refusal
from graphql_api.permissions import require_verified
from referral_blocks.activity.selectors import of_referrer
from referral_blocks.referrers.session import Session

from .queries import WHICH
from .types import Viewer


@strawberry.type(description="How a referrer is doing now, and what changed it since the last time.")
class StandingUpdate:
    viewer: Viewer = strawberry.field(description="The referrer, as they are at this moment.")
    activities: list[Activity] = strawberry.field(
        description=f"What has happened, oldest first, at most {MAX_ACTIVITY}; empty at the beginning of a stream."
    )
    cursor: str = strawberry.field(description="Send it as after to read on from here without a gap.")


@strawberry.type
class ReferrersSubscription:
    @strawberry.field(
        description="The signed-in referrer’s standing, whenever something of theirs has changed; for the verified "
        "referrer, else the error is UNAUTHENTICATED or UNVERIFIED."
    )
    def viewer_standing(
        self,
        info: Info,
        program: Annotated[str | None, strawberry.argument(description=WHICH)] = None,
        after: After = None,
    ) -> StandingUpdate:
        session = _verified(info.context, program)
        referrer_id = session.referrer.pk

        def check(context: Context) -> None:
            if _verified(context, program).referrer.pk != referrer_id:
                raise _signed_out()

        topic = Topic(None, referrer_id, same_for_all=False, check=check)
        page = next_page(info.context, topic, of_referrer(referrer_id=referrer_id), after)
        return StandingUpdate(
            viewer=Viewer(session=session), activities=shown_to_referrer(page.rows), cursor=str(page.cursor)
        )


def _verified(context: Context, program: str | None) -> Session:
    session = context.session(program)
    if session is None:
        raise _signed_out()
    require_verified(session)
    return session


def _signed_out() -> Exception:
    return refusal(ErrorCode.UNAUTHENTICATED, _("Sign in first: ask for a sign-in link."))
