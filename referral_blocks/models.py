"""Every concept's models in one place, where Django looks for them."""

from .access.models import ApiKey
from .core.models import Heartbeat
from .emails.models import Email
from .ledger.models import LedgerEntry, LedgerLine
from .links.models import IgnoredVisit, ReferralLink, Visit
from .payouts.models import Payout, PayoutAttempt, PayoutChange, PayoutItem
from .payouts.providers.manual.models import Handover
from .people.models import Person
from .programs.models import Program, TermsVersion
from .referrals.models import Referral, ReferralChange
from .referrers.models import Referrer
from .rewards.models import PendingReason, Reward, RewardChange, RewardRule
from .sales.models import Sale
from .theming.models import SiteTheme

__all__ = [
    "ApiKey",
    "Email",
    "Handover",
    "Heartbeat",
    "IgnoredVisit",
    "LedgerEntry",
    "LedgerLine",
    "Payout",
    "PayoutAttempt",
    "PayoutChange",
    "PayoutItem",
    "PendingReason",
    "Person",
    "Program",
    "Referral",
    "ReferralChange",
    "ReferralLink",
    "Referrer",
    "Reward",
    "RewardChange",
    "RewardRule",
    "Sale",
    "SiteTheme",
    "TermsVersion",
    "Visit",
]
