"""The “Referrals” menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.snippets.views.snippets import SnippetViewSetGroup

from .api_keys import ApiKeyViewSet
from .claim_desk import ClaimDeskViewSet
from .coupons import CouponListViewSet
from .group_offers import GroupOfferViewSet
from .handover_desk import HandoverDeskViewSet
from .limits import LimitsViewSet
from .payout_desk import PayoutDeskViewSet
from .payout_providers import PayoutProvidersViewSet
from .payout_runs import RunViewSet
from .payouts import PayoutViewSet
from .people import PersonViewSet
from .programs import ProgramViewSet
from .reconciliations import ReconciliationViewSet
from .referrals import ReferralViewSet
from .referrers import ReferrerViewSet
from .review_desk import ReviewDeskViewSet
from .reward_desk import RewardDeskViewSet
from .rewards import RewardViewSet
from .sale_imports import SaleImportViewSet
from .sales import SaleViewSet
from .sending import SendingViewSet
from .themes import SiteThemeViewSet
from .webhook_endpoints import EndpointViewSet


class ReferralsGroup(SnippetViewSetGroup):
    """What people do daily stands above what they look up."""

    menu_label = _("Referrals")
    menu_name = "referrals"
    menu_icon = "group"
    menu_order = 150
    items = (
        ProgramViewSet,
        RewardDeskViewSet,
        HandoverDeskViewSet,
        ReviewDeskViewSet,
        ClaimDeskViewSet,
        RunViewSet,
        PayoutDeskViewSet,
        SendingViewSet,
        ReferrerViewSet,
        PersonViewSet,
        ReferralViewSet,
        SaleViewSet,
        SaleImportViewSet,
        RewardViewSet,
        PayoutViewSet,
        ReconciliationViewSet,
        PayoutProvidersViewSet,
        LimitsViewSet,
        CouponListViewSet,
        GroupOfferViewSet,
        SiteThemeViewSet,
        ApiKeyViewSet,
        EndpointViewSet,
    )
