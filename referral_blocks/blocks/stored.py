"""Reads what pages have stored, also in the shape of another version: what a block cannot read counts as left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from .program_choice import ProgramChoiceBlock

MISSING = object()
UNKNOWN_PROGRAM = -1  # chosen, and nowhere to be found: the page's own programme must not take its place


def readable(block: blocks.Block, stored: Any) -> Any:
    """The part of a JSON value that ``block`` can turn into Python; MISSING where it is nothing of its kind."""
    for kind, read in READERS:
        if isinstance(block, kind):
            return read(block, stored)
    return stored


def _image(block: Any, stored: Any) -> Any:
    if stored is None or _is_number(stored):
        return stored
    if not isinstance(stored, Mapping) or not (stored.get("image") is None or _is_number(stored["image"])):
        return None
    return {"image": None, "decorative": False, "alt_text": "", **stored}


def _struct(block: Any, stored: Any) -> dict[str, Any]:
    if not isinstance(stored, Mapping):
        return {}
    found = {name: readable(child, stored[name]) for name, child in block.child_blocks.items() if name in stored}
    return {name: value for name, value in found.items() if value is not MISSING}


def _list(block: Any, stored: Any) -> list[Any]:
    kept = []
    for item in stored if isinstance(stored, list) else ():
        is_wrapped = isinstance(item, Mapping) and item.get("type") == "item" and "value" in item and "id" in item
        value = readable(block.child_block, item["value"] if is_wrapped else item)
        if value is not MISSING and not (isinstance(block.child_block, blocks.StructBlock) and value == {}):
            kept.append({**item, "value": value} if is_wrapped else value)
    return kept


def _stream(block: Any, stored: Any) -> list[Any]:
    kept = []
    for piece in stored if isinstance(stored, list) else ():
        if is_piece(piece) and piece["type"] in block.child_blocks:
            value = readable(block.child_blocks[piece["type"]], piece["value"])
            if value is not MISSING:
                kept.append({**piece, "value": value})
    return kept


def is_piece(stored: Any) -> bool:
    """Whether it can be one block of a stream."""
    return isinstance(stored, Mapping) and isinstance(stored.get("type"), str) and "value" in stored


def _program(block: Any, stored: Any) -> int | None:
    if stored is None or stored == "":
        return None
    number = _number(block, stored)
    return UNKNOWN_PROGRAM if number is MISSING else number


def _choices(block: Any, stored: Any) -> Any:
    return [c for c in stored if _choice(block, c) is not MISSING] if isinstance(stored, list) else MISSING


def _choice(block: Any, stored: Any) -> Any:
    is_known = isinstance(stored, str) and (stored == "" or block.field.valid_value(stored))
    return stored if is_known or stored is None else MISSING


def _number(block: Any, stored: Any) -> Any:
    if stored is None or _is_number(stored):
        return stored
    is_digits = isinstance(stored, str) and stored.isascii() and stored.isdecimal() and len(stored) < 12
    return int(stored) if is_digits else MISSING


def _is_number(stored: Any) -> bool:
    return isinstance(stored, int) and not isinstance(stored, bool)


def _truth(block: Any, stored: Any) -> Any:
    return stored if isinstance(stored, bool) else MISSING


def _text(block: Any, stored: Any) -> Any:
    return str(stored) if _is_number(stored) else stored if stored is None or isinstance(stored, str) else MISSING


# The first that fits: a picture is a struct, and a choice of several is a choice.
READERS: tuple[tuple[type[blocks.Block] | tuple[type[blocks.Block], ...], Callable[[Any, Any], Any]], ...] = (
    (ImageBlock, _image),
    (blocks.StructBlock, _struct),
    (blocks.ListBlock, _list),
    (blocks.StreamBlock, _stream),
    (ProgramChoiceBlock, _program),
    (blocks.MultipleChoiceBlock, _choices),
    (blocks.IntegerBlock, _number),
    (blocks.BooleanBlock, _truth),
    (blocks.ChoiceBlock, _choice),
    ((blocks.CharBlock, blocks.TextBlock, blocks.URLBlock), _text),
)
