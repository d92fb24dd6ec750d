"""The blocks of several pages, read together: pictures cost two queries a kind of block, however many pages ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from wagtail import blocks
from wagtail.fields import StreamField
from wagtail.images import get_image_model

from graphql_api.stranger import Stranger

from .registry import other, shape_of
from .seen import Seen


class Sheaf:
    """Pages that were found together; what one of them is asked for is read for all."""

    def __init__(self, pages: Sequence[Any], *, stranger: Stranger) -> None:
        self.pages = pages
        self.stranger = stranger

    def blocks_of(self, page: Any) -> list[Any]:
        """The page's blocks as instances of their GraphQL types, in the order of its fields."""
        found: list[Any] = []
        for name, value in self._bodies.get(page.pk, ()):
            for index, child in enumerate(value):
                key = f"{page.pk}:{name}:{child.id or index}"
                found += self._told(page, child.block_type, child.block, child.value, key)
        return found

    def share_image_of(self, page: Any) -> Any:
        return self._share_images.get(getattr(page, "share_image_id", None))

    @cached_property
    def _bodies(self) -> dict[int, list[tuple[str, Any]]]:
        """By page: the name and value of each stream field."""
        found: dict[int, list[tuple[str, Any]]] = {page.pk: [] for page in self.pages}
        for model in dict.fromkeys(type(page) for page in self.pages):
            pages = [page for page in self.pages if type(page) is model]
            for field in stream_fields(model):
                raw = [list(value.raw_data) if (value := getattr(page, field.name)) else [] for page in pages]
                for page, value in zip(pages, field.stream_block.bulk_to_python(raw), strict=True):
                    found[page.pk].append((field.name, value))
        return found

    @cached_property
    def _share_images(self) -> dict[int, Any]:
        ids = {i for page in self.pages if (i := getattr(page, "share_image_id", None))}
        images = get_image_model()._default_manager.in_bulk(ids) if ids else {}
        if images:
            sizes = next(iter(images.values())).get_rendition_model().objects.all()
            prefetch_related_objects(
                list(images.values()), Prefetch("renditions", queryset=sizes, to_attr="prefetched_renditions")
            )
        return images  # type: ignore[return-value]

    def _told(self, page: Any, name: str, block: blocks.Block, value: Any, key: str) -> Iterator[Any]:
        """A block that has a type, or those that a host's column or list holds."""
        shape = shape_of(name, block)
        seen = Seen(id=key, name=name, block=block, value=value, page=page, stranger=self.stranger)
        if shape is not None:
            yield shape.of(seen)
        elif not _may_hold(block):
            yield other(seen)
        else:
            for number, (part, child, inner) in enumerate(_parts(block, value)):
                if _may_hold(child) or shape_of(part, child) is not None:
                    yield from self._told(page, part, child, inner, f"{key}:{number}")


def stream_fields(model: Any) -> list[StreamField]:
    return [field for field in model._meta.fields if isinstance(field, StreamField)]


def holds_referral_blocks(model: Any) -> bool:
    """Whether the pages of this model can show a block of ours, or one that the host has registered."""
    return any(_may_hold(field.stream_block) for field in stream_fields(model))


def _may_hold(block: blocks.Block) -> bool:
    children = getattr(block, "child_blocks", None) or {}
    if isinstance(block, blocks.ListBlock):
        children = {"item": block.child_block}
    return any(shape_of(name, child) is not None or _may_hold(child) for name, child in children.items())


def _parts(block: blocks.Block, value: Any) -> Iterator[tuple[str, blocks.Block, Any]]:
    if isinstance(block, blocks.StreamBlock):
        yield from ((child.block_type, child.block, child.value) for child in value or ())
    elif isinstance(block, blocks.ListBlock):
        yield from (("item", block.child_block, item) for item in value or ())
    elif isinstance(block, blocks.StructBlock):
        yield from ((name, child, (value or {}).get(name)) for name, child in block.child_blocks.items())
