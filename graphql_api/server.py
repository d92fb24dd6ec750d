"""What a system with an API key reads and does: each concept adds its fields here."""

from __future__ import annotations

import strawberry

from .access.mutations import AccessMutation
from .access.scopes import require_key_of_site
from .access.server import AccessServer
from .analytics.server import AnalyticsServer
from .context import Info
from .records.import_mutations import ImportsMutation
from .records.payout_mutations import PayoutsServerMutation
from .records.payout_runs import PayoutRunsServer
from .records.payouts import PayoutsServer
from .records.referral_mutations import ReferralsServerMutation
from .records.referrals import ReferralsServer
from .records.referrers import ReferrersServer
from .records.reversals import ReversalsServer
from .records.reward_mutations import RewardsServerMutation
from .records.rewards import RewardsServer
from .records.sale_lists import SalesServer
from .sales.mutations import SalesMutation


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
