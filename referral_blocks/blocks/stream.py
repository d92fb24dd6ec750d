"""The set of blocks that any page of a host site can use, and a field for it that keeps blocks out of migrations."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
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
from .stored import is_piece
from .terms import TermsBlock
from .testimonials import TestimonialsBlock

# The block chooser lists groups by name.
FOR_FRIENDS = _("Referrals: for friends")
FOR_REFERRERS = _("Referrals: for those who share")
FOR_EVERYBODY = _("Referrals: around them")


def referral_blocks() -> list[tuple[str, blocks.Block]]:
    """Fresh (name, block) pairs, to put beside a host's own blocks; the names are stored in pages and never change."""
    return [
        ("hero", HeroBlock(group=FOR_FRIENDS)),
        ("offer_cards", OfferCardsBlock(group=FOR_FRIENDS)),
        ("friend_form", FriendFormBlock(group=FOR_FRIENDS)),
        ("code_entry", CodeEntryBlock(group=FOR_FRIENDS)),
        ("refer_by_name", ReferByNameBlock(group=FOR_FRIENDS)),
        ("group_deal", GroupDealBlock(group=FOR_FRIENDS)),
        ("join_form", JoinFormBlock(group=FOR_REFERRERS)),
        ("post_purchase", PostPurchaseBlock(group=FOR_REFERRERS)),
        ("share_panel", SharePanelBlock(group=FOR_REFERRERS)),
        ("standing", StandingBlock(group=FOR_REFERRERS)),
        ("stats", StatsBlock(group=FOR_REFERRERS)),
        ("milestone", MilestoneBlock(group=FOR_REFERRERS)),
        ("rewards_table", RewardsTableBlock(group=FOR_REFERRERS)),
        ("friends_list", FriendsListBlock(group=FOR_REFERRERS)),
        ("points", PointsBlock(group=FOR_REFERRERS)),
        ("members_only", MembersOnlyBlock(group=FOR_REFERRERS)),
        ("my_settings", MySettingsBlock(group=FOR_REFERRERS)),
        ("steps", StepsBlock(group=FOR_EVERYBODY)),
        ("stat_row", StatRowBlock(group=FOR_EVERYBODY)),
        ("testimonials", TestimonialsBlock(group=FOR_EVERYBODY)),
        ("leaderboard", LeaderboardBlock(group=FOR_EVERYBODY)),
        ("countdown", CountdownBlock(group=FOR_EVERYBODY)),
        ("faq", FaqBlock(group=FOR_EVERYBODY)),
        ("cta_bar", CtaBarBlock(group=FOR_EVERYBODY)),
        ("terms", TermsBlock(group=FOR_EVERYBODY)),
    ]


class ReferralStreamBlock(blocks.StreamBlock):
    """All referral blocks."""

    def __init__(self, local_blocks: Any = None, **kwargs: Any) -> None:
        super().__init__([*referral_blocks(), *(local_blocks or ())], **kwargs)

    def to_python(self, value: Any) -> Any:
        """What cannot be a block is not there, as Wagtail has it for blocks of unknown names."""
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return super().to_python(value)
        if value is None or isinstance(value, (str, int, float, dict)):
            return super().to_python([])
        if isinstance(value, list):
            value = [piece for piece in value if isinstance(piece, tuple) or is_piece(piece)]
        return super().to_python(value)


class ReferralStreamField(StreamField):
    """A StreamField whose migrations do not name its blocks, so that a new or changed block is no migration of the
    host. Data migrations read its raw JSON."""

    def __init__(self, block_types: Any = ReferralStreamBlock, **kwargs: Any) -> None:
        super().__init__(block_types, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, _args, kwargs = super().deconstruct()
        kwargs.pop("block_lookup", None)
        return name, path, [], kwargs
