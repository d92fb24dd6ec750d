"""What a system with an API key, or a member of staff, reads and does: each concept adds its fields here."""

from __future__ import annotations

import strawberry

from .access.mutations import AccessMutation
from .access.server import AccessServer
from .activity.queries import ActivityServer
from .analytics.server import AnalyticsServer
from .context import Info
from .permissions import require_worker
from .records.import_mutations import ImportsMutation
from .records.lead_mutations import LeadsMutation
from .records.payout_mutations import PayoutsServerMutation
from .records.payout_runs import PayoutRunsServer
from .records.payouts import PayoutsServer
from .records.programs import ProgramsServer
from .records.referral_mutations import ReferralsServerMutation
from .records.referrals import ReferralsServer
from .records.referrers import ReferrersServer
from .records.reversals import ReversalsServer
from .records.reward_mutations import RewardsServerMutation
from .records.rewards import RewardsServer
from .records.sale_lists import SalesServer
from .records.settling_mutations import SettlingMutation
from .sales.mutations import SalesMutation
from .webhooks.message_mutations import WebhookMessagesMutation
from .webhooks.mutations import WebhooksMutation
from .webhooks.types import WebhooksServer


@strawberry.type(
    description=(
        "All of one site’s records, for its own systems and staff. Each field says which scope the API key needs; "
        "staff need the rights that the admin asks for. Without, the error is FORBIDDEN and the field null."
    )
)
class Server(
    AccessServer,
    ActivityServer,
    AnalyticsServer,
    PayoutRunsServer,
    PayoutsServer,
    ProgramsServer,
    ReferralsServer,
    ReferrersServer,
    ReversalsServer,
    RewardsServer,
    SalesServer,
    WebhooksServer,
):
    pass


@strawberry.type
class ServerQuery:
    @strawberry.field(
        description=(
            "The records of the site whose API key was sent as “Authorization: Bearer rb_…”, or to whose admin the "
            "caller is signed in, with its CSRF token as “X-CSRFToken”; else the error is UNAUTHENTICATED or FORBIDDEN."
        )
    )
    def server(self, info: Info) -> Server | None:
        require_worker(info.context)
        return Server()


@strawberry.type
class ServerMutation(
    AccessMutation,
    ImportsMutation,
    LeadsMutation,
    PayoutsServerMutation,
    ReferralsServerMutation,
    RewardsServerMutation,
    SalesMutation,
    SettlingMutation,
    WebhookMessagesMutation,
    WebhooksMutation,
):
    pass
