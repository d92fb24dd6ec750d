"""Makes a GraphQL type of a struct block: a field for each field of the editor, with its label as description."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from enum import Enum
from typing import Any, NamedTuple

import strawberry
from django.utils.translation import override
from strawberry.utils.str_converters import to_camel_case
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from graphql_api.links.types import ShareChannel
from graphql_api.rewards.types import RewardSide
from graphql_api.scalars import URL
from referral_blocks.blocks.aims import AIMS
from referral_blocks.blocks.stats import FIGURES
from referral_blocks.blocks.texts import web_address
from referral_blocks.links.channels import channel_choices

from .images import Image
from .seen import Seen


class Typed(NamedTuple):
    """How a value is told: the annotation of its field, and what turns what is stored into it."""

    annotation: Any
    read: Callable[[Any], Any]


@strawberry.interface(description="A block of a page.")
class Block:
    seen: strawberry.Private[Seen]

    @strawberry.field(description="Unique among all blocks of all pages.")
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.seen.id)

    @strawberry.field(description="The name of the block in its page, such as offer_cards.")
    def block_name(self) -> str:
        return self.seen.name


# Choices that several blocks share, by what is stored.
_ENUMS: dict[tuple[str, ...], Any] = {
    (RewardSide.FRIEND.value, RewardSide.REFERRER.value): RewardSide,
    tuple(value for value, _label in channel_choices()): ShareChannel,  # what recordShare takes
}
_NAMES = {
    tuple(value for value, _label in AIMS): "BlockAim",
    tuple(value for value, _label in FIGURES): "StatsBlockFigure",
}


def block_type(block: blocks.StructBlock, *, name: str, base: type = Block, hidden: Collection[str] = ()) -> Any:
    """A type called ``name`` with the fields of ``base``, a ``Block``, and one for each child that can be told of:
    texts, addresses, numbers, choices, pictures, structs and lists of these. A field of ``base`` wins over a child of
    its name; ``hidden`` children have none."""
    given = {field.python_name for field in base.__strawberry_definition__.fields}  # type: ignore[attr-defined]
    fields = _fields(block, name, lambda self: self.seen.value, without={*given, *hidden})
    return _type(name, base, fields, _words(getattr(block.meta, "description", "") or block.label or name))


def _nested_type(block: blocks.StructBlock, name: str) -> Any:
    fields = _fields(block, name, lambda self: self.value, without=())
    return _type(name, None, fields, _words(block.label or name) + ".")


def _type(name: str, base: type | None, fields: dict[str, Any], description: str) -> Any:
    plain = {} if base else {"__annotations__": {"value": strawberry.Private[Any]}}
    made = type(name, (base,) if base else (), {**fields, **plain, "__module__": __name__})
    return strawberry.type(made, name=name, description=description)


def _fields(
    block: blocks.StructBlock, parent: str, value_of: Callable[[Any], Any], *, without: Collection[str]
) -> dict[str, Any]:
    found = {}
    for name, child in block.child_blocks.items():
        typed = None if name in without else _typed(child, parent, name)
        if typed is not None:
            found[name] = _field(name, child, typed, value_of)
    return found


def _field(name: str, child: blocks.Block, typed: Typed, value_of: Callable[[Any], Any]) -> Any:
    def resolve(self: Any) -> Any:
        return typed.read(value_of(self).get(name))

    resolve.__name__ = name
    resolve.__annotations__ = {"return": typed.annotation}
    told = _words(child.label or name), _words(getattr(getattr(child, "field", None), "help_text", "") or "")
    return strawberry.field(resolve, description=" – ".join(text.rstrip(".") for text in told if text) + ".")


# The first that fits: a picture is a struct, and an address is a text.
PLAIN: tuple[tuple[tuple[type[blocks.Block], ...], Typed], ...] = (
    ((ImageBlock,), Typed(Image | None, Image.of)),
    ((blocks.BooleanBlock,), Typed(bool, bool)),
    ((blocks.IntegerBlock,), Typed(int | None, lambda value: value)),
    ((blocks.URLBlock,), Typed(URL | None, lambda value: web_address(value or "") or None)),
    ((blocks.CharBlock, blocks.TextBlock), Typed(str, lambda value: value or "")),
)


def _typed(block: blocks.Block, parent: str, name: str) -> Typed | None:
    """None for a child that cannot be told of."""
    for kinds, typed in PLAIN:
        if isinstance(block, kinds):
            return typed
    found = None
    if isinstance(block, blocks.MultipleChoiceBlock):
        several = _enum(block, parent, name)
        found = Typed(list[several], lambda value: [several(v) for v in value or ()])  # type: ignore[valid-type]
    elif isinstance(block, blocks.ChoiceBlock):
        one = _enum(block, parent, name)
        found = Typed(one | None, lambda value: one(value) if value else None)
    elif isinstance(block, blocks.StructBlock):
        nested = _nested_type(block, parent + _own_name(block))
        found = Typed(nested, lambda value: nested(value=value if value is not None else {}))
    elif isinstance(block, blocks.ListBlock) and (inner := _typed(block.child_block, parent, name)):
        read = inner.read
        found = Typed(list[inner.annotation], lambda value: [read(item) for item in value or ()])  # type: ignore[name-defined]
    return found


def _own_name(block: blocks.Block) -> str:
    return type(block).__name__.removesuffix("Block")


def _enum(block: Any, parent: str, name: str) -> Any:
    choices = [(str(value), label) for value, label in block.field.choices if value]
    key = tuple(value for value, _label in choices)
    if key not in _ENUMS:
        title = _NAMES.get(key) or parent + to_camel_case(name)[0].upper() + to_camel_case(name)[1:]
        members = {
            re.sub(r"\W", "_", value).upper(): strawberry.enum_value(value, description=_words(label) + ".")
            for value, label in choices
        }
        words = _words(block.label or name) + "."
        _ENUMS[key] = strawberry.enum(Enum(title, members), name=title, description=words)  # type: ignore[call-overload]
    return _ENUMS[key]


def _words(text: Any) -> str:
    """Descriptions are in the language of the code, whatever the site's."""
    with override(None):
        return str(text)
