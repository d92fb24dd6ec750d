"""The set of blocks that any page of a host site can use, and a field for it that keeps blocks out of migrations."""

from __future__ import annotations

from typing import Any

from wagtail import blocks
from wagtail.fields import StreamField

from .code_entry import CodeEntryBlock
from .countdown import CountdownBlock
from .cta_bar import CtaBarBlock
from .faq import FaqBlock
from .friend_form import FriendFormBlock
from .friends_list import FriendsListBlock
from .group_deal import GroupDealBlock
from .hero import HeroBlock
from .join_form import JoinFormBlock
from .leaderboard import LeaderboardBlock
from .members_only import MembersOnlyBlock
from .milestone import MilestoneBlock
from .my_settings import MySettingsBlock
from .offer_cards import OfferCardsBlock
from .points import PointsBlock
from .post_purchase import PostPurchaseBlock
from .refer_by_name import ReferByNameBlock
from .rewards_table import RewardsTableBlock
from .share_panel import SharePanelBlock
from .standing import StandingBlock
from .stat_row import StatRowBlock
from .stats import StatsBlock
from .steps import StepsBlock
from .terms import TermsBlock
from .testimonials import TestimonialsBlock


def referral_blocks() -> list[tuple[str, blocks.Block]]:
    """Fresh (name, block) pairs, to put beside a host's own blocks; the names are stored in pages and never change."""
    return [
        ("hero", HeroBlock()),
        ("offer_cards", OfferCardsBlock()),
        ("steps", StepsBlock()),
        ("join_form", JoinFormBlock()),
        ("friend_form", FriendFormBlock()),
        ("code_entry", CodeEntryBlock()),
        ("refer_by_name", ReferByNameBlock()),
        ("post_purchase", PostPurchaseBlock()),
        ("share_panel", SharePanelBlock()),
        ("standing", StandingBlock()),
        ("members_only", MembersOnlyBlock()),
        ("stat_row", StatRowBlock()),
        ("testimonials", TestimonialsBlock()),
        ("countdown", CountdownBlock()),
        ("faq", FaqBlock()),
        ("cta_bar", CtaBarBlock()),
        ("terms", TermsBlock()),
        ("stats", StatsBlock()),
        ("milestone", MilestoneBlock()),
        ("rewards_table", RewardsTableBlock()),
        ("friends_list", FriendsListBlock()),
        ("leaderboard", LeaderboardBlock()),
        ("group_deal", GroupDealBlock()),
        ("points", PointsBlock()),
        ("my_settings", MySettingsBlock()),
    ]


class ReferralStreamBlock(blocks.StreamBlock):
    """All referral blocks."""

    def __init__(self, local_blocks: Any = None, **kwargs: Any) -> None:
        super().__init__([*referral_blocks(), *(local_blocks or ())], **kwargs)


class ReferralStreamField(StreamField):
    """A StreamField whose migrations do not name its blocks, so that a new or changed block is no migration of the
    host. Data migrations read its raw JSON."""

    def __init__(self, block_types: Any = ReferralStreamBlock, **kwargs: Any) -> None:
        super().__init__(block_types, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, _args, kwargs = super().deconstruct()
        kwargs.pop("block_lookup", None)
        return name, path, [], kwargs
