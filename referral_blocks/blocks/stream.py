"""The set of blocks that any page of a host site can use, and a field for it that keeps blocks out of migrations."""

from __future__ import annotations

from typing import Any

from wagtail import blocks
from wagtail.fields import StreamField

from .friend_form import FriendFormBlock
from .hero import HeroBlock
from .join_form import JoinFormBlock
from .share_panel import SharePanelBlock
from .standing import StandingBlock
from .steps import StepsBlock
from .terms import TermsBlock


def referral_blocks() -> list[tuple[str, blocks.Block]]:
    """Fresh (name, block) pairs, to put beside a host's own blocks; the names are stored in pages and never change."""
    return [
        ("hero", HeroBlock()),
        ("steps", StepsBlock()),
        ("join_form", JoinFormBlock()),
        ("friend_form", FriendFormBlock()),
        ("share_panel", SharePanelBlock()),
        ("standing", StandingBlock()),
        ("terms", TermsBlock()),
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
