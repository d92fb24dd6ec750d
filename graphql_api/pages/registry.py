"""Which GraphQL type a block has: each of ours, and what a host registers for its own by the block's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Union

import strawberry
from wagtail import blocks

from referral_blocks.blocks.base import ReferralBlock
from referral_blocks.blocks.stream import referral_blocks

from .generated import Block, block_type
from .seen import Seen
from .shows import HIDDEN, SHOWS, ProgramBlock


@dataclass(frozen=True, slots=True)
class Shape:
    """A block's type, and what makes an instance of it."""

    type: Any
    of: Callable[[Seen], Any]


@strawberry.type(description="A block of the host’s own that has no type in this API.")
class OtherBlock(Block):
    pass


def _own_shapes() -> dict[type[blocks.Block], Shape]:
    found = {}
    for name, block in referral_blocks():
        made = block_type(
            block,  # type: ignore[arg-type]
            name=type(block).__name__,
            base=SHOWS.get(name, ProgramBlock),
            hidden=HIDDEN.get(name, ()),
        )
        found[type(block)] = Shape(made, _maker(made))
    return found


def _maker(made: Any) -> Callable[[Seen], Any]:
    return lambda seen: made(seen=seen)


_OWN = _own_shapes()
_HOSTS: dict[str, Shape] = {}
_OTHER = Shape(OtherBlock, _maker(OtherBlock))


def register_block(name: str, of_type: Any, resolve: Callable[[Seen], Any] | None = None) -> None:
    """Give the host's block ``name``, as it is called in its stream, the Strawberry type ``of_type``. ``resolve`` makes
    an instance of what is seen; types made by ``block_type`` need none. Call it from ``AppConfig.ready``: the schema is
    made once, with the first request. The second registration of a name replaces the first."""
    _HOSTS[name] = Shape(of_type, resolve or _maker(of_type))


def shape_of(name: str, block: blocks.Block) -> Shape | None:
    """The host's choice by name, else ours by the block's class or the one it extends; None for anything else."""
    if name in _HOSTS:
        return _HOSTS[name]
    if not isinstance(block, ReferralBlock):
        return None
    return next((_OWN[kind] for kind in type(block).__mro__ if kind in _OWN), None)


def other(seen: Seen) -> Any:
    """What stands for a block that nobody has registered."""
    return _OTHER.of(seen)


def page_block() -> Any:
    """The union of all types of blocks, as they are registered now."""
    types = [OtherBlock, *(shape.type for shape in _OWN.values()), *(shape.type for shape in _HOSTS.values())]
    unique = tuple(dict.fromkeys(types))
    description = "A block of a page: each has a type of its own, with its editor’s fields and what it shows."
    return Annotated[Union[unique], strawberry.union("PageBlock", description=description)]  # noqa: UP007
