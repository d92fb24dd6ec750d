"""What a system with an API key reads and does: each concept adds its fields here."""

from __future__ import annotations

import strawberry

from .access.mutations import AccessMutation
from .access.scopes import require_key_of_site
from .access.server import AccessServer
from .analytics.server import AnalyticsServer
from .context import Info
from .payouts.runs import PayoutRunsServer
from .payouts.server import PayoutsServer
from .payouts.server_mutations import PayoutsServerMutation
from .referrals.server import ReferralsServer
from .referrals.server_mutations import ReferralsServerMutation
from .referrers.server import ReferrersServer
from .rewards.server import RewardsServer
from .rewards.server_mutations import RewardsServerMutation
from .sales.imports import ImportsMutation
from .sales.mutations import SalesMutation
from .sales.reversals import ReversalsServer
from .sales.server import SalesServer


@strawberry.type(
    description=(
        "All of one site’s records, for its own systems. Each field says which scope the API key needs; without it, "
        "the error is FORBIDDEN and the field null."
    )
)
class Server(
    AccessServer,
    AnalyticsServer,
    PayoutRunsServer,
    PayoutsServer,
    ReferralsServer,
    ReferrersServer,
    ReversalsServer,
    RewardsServer,
    SalesServer,
):
    pass


@strawberry.type
class ServerQuery:
    @strawberry.field(
        description=(
            "The records of the site whose API key was sent as “Authorization: Bearer rb_…”; without a valid one, the "
            "error is UNAUTHENTICATED or FORBIDDEN."
        )
    )
    def server(self, info: Info) -> Server | None:
        require_key_of_site(info.context)
        return Server()


@strawberry.type
class ServerMutation(
    AccessMutation,
    ImportsMutation,
    PayoutsServerMutation,
    ReferralsServerMutation,
    RewardsServerMutation,
    SalesMutation,
):
    pass
