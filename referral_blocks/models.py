"""Every concept's models in one place, where Django looks for them."""

from .access.answers import KeptAnswer
from .access.models import ApiKey
from .activity.models import Activity
from .analytics.models import LeaderboardResult
from .core.models import Heartbeat
from .emails.link_requests import LinkRequest
from .emails.models import Email
from .fraud.models import BlockedEntry, ReviewDecision, RiskSignal
from .groups.models import Group, GroupChange, GroupMember, GroupOffer
from .ledger.models import LedgerEntry, LedgerLine, PointsLot
from .links.models import IgnoredVisit, ReferralLink, ShareEvent, Visit
from .payouts.account import PayoutAccount, PayoutDestination
from .payouts.models import Payout, PayoutAttempt, PayoutChange, PayoutItem, PayoutReversal
from .payouts.policy import PayoutPolicy, SendingStop, SendingStopChange, SentCounter
from .payouts.providers.manual.models import Handover
from .payouts.providers.runa.models import GiftCard
from .payouts.reconciliation import Difference, Reconciliation
from .payouts.run import PayoutRun, PayoutRunChange
from .people.models import ErasedMailbox, KnownCustomer, Person, PersonErasure
from .programs.models import Program, ProgramChange, TermsVersion
from .referrals.models import ClaimChange, Referral, ReferralChange, ReferralClaim
from .referrers.models import Referrer, ReferrerStanding, SignIn
from .rewards.models import (
    CouponCode,
    CouponList,
    PendingReason,
    Reward,
    RewardChange,
    RewardRule,
    RuleCondition,
    SpendCounter,
)
from .sales.models import Sale, SaleImport, SaleImportRow, SaleReversal
from .theming.models import SiteTheme
from .webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint, WebhookEndpointChange
from .webhooks.models import EventCount, ProviderEvent

__all__ = [
    "Activity",
    "ApiKey",
    "BlockedEntry",
    "ClaimChange",
    "CouponCode",
    "CouponList",
    "Difference",
    "Email",
    "ErasedMailbox",
    "EventCount",
    "GiftCard",
    "Group",
    "GroupChange",
    "GroupMember",
    "GroupOffer",
    "Handover",
    "Heartbeat",
    "IgnoredVisit",
    "KeptAnswer",
    "KnownCustomer",
    "LeaderboardResult",
    "LedgerEntry",
    "LedgerLine",
    "LinkRequest",
    "Payout",
    "PayoutAccount",
    "PayoutAttempt",
    "PayoutChange",
    "PayoutDestination",
    "PayoutItem",
    "PayoutPolicy",
    "PayoutReversal",
    "PayoutRun",
    "PayoutRunChange",
    "PendingReason",
    "Person",
    "PersonErasure",
    "PointsLot",
    "Program",
    "ProgramChange",
    "ProviderEvent",
    "Reconciliation",
    "Referral",
    "ReferralChange",
    "ReferralClaim",
    "ReferralLink",
    "Referrer",
    "ReferrerStanding",
    "ReviewDecision",
    "Reward",
    "RewardChange",
    "RewardRule",
    "RiskSignal",
    "RuleCondition",
    "Sale",
    "SaleImport",
    "SaleImportRow",
    "SaleReversal",
    "SendingStop",
    "SendingStopChange",
    "SentCounter",
    "ShareEvent",
    "SignIn",
    "SiteTheme",
    "SpendCounter",
    "TermsVersion",
    "Visit",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEndpointChange",
]
