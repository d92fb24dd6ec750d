"""Finds the referral blocks of a page, wherever a host's own columns and lists hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wagtail import blocks
from wagtail.fields import StreamField

if TYPE_CHECKING:
    from .base import ReferralBlock


def blocks_of(page: Any) -> Iterator[tuple[ReferralBlock, Any]]:
    """(block, value) for each referral block of the page's stream fields, in the page's order."""
    meta = getattr(page, "_meta", None)  # a host's template may call something else its page
    for field in meta.fields if meta is not None else ():
        if isinstance(field, StreamField):
            value = getattr(page, field.name)
            if value is not None:
                yield from blocks_in(value.stream_block, value)


def blocks_in(block: Any, value: Any) -> Iterator[tuple[ReferralBlock, Any]]:
    """The same of one block's value."""
    if hasattr(block, "own_trouble"):  # ours: the base of all blocks asks this module, and is not asked by it
        yield block, value
    elif isinstance(block, blocks.StreamBlock):
        for child in value or ():
            yield from blocks_in(child.block, child.value)
    elif isinstance(block, blocks.ListBlock):
        for item in value or ():
            yield from blocks_in(block.child_block, item)
    elif isinstance(block, blocks.StructBlock) and hasattr(value, "get"):
        for name, child_block in block.child_blocks.items():
            yield from blocks_in(child_block, value.get(name))
