"""Every block with hostile text in every leaf, made by looking at what the blocks consist of."""

from __future__ import annotations

from typing import Any

from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from referral_blocks.blocks.program_choice import ProgramChoiceBlock
from referral_blocks.blocks.stream import ReferralStreamBlock
from tests.security import payloads


def hostile_body(texts: tuple[str, ...], image: int) -> list[dict[str, Any]]:
    """Raw stream data with one of each block, as a program that writes to the database might leave it."""
    stream = ReferralStreamBlock()
    return [
        {"type": name, "id": f"id-{number}", "value": hostile(block, texts, image)}
        for number, (name, block) in enumerate(stream.child_blocks.items())
    ]


def hostile(block: blocks.Block, texts: tuple[str, ...], image: int) -> Any:  # noqa: PLR0911 - one a kind
    """Raw data for ``block``; raises where it is of a kind that nobody has thought about here."""
    match block:
        case ImageBlock():
            return {"image": image, "alt_text": payloads.fitting(texts, 255, 0), "decorative": False}
        case blocks.StructBlock():
            return {name: hostile(child, texts, image) for name, child in block.child_blocks.items()}
        case blocks.StreamBlock():
            return [
                {"type": name, "id": f"in-{name}", "value": hostile(child, texts, image)}
                for name, child in block.child_blocks.items()
            ]
        case blocks.ListBlock():
            return [
                {"type": "item", "id": f"at-{number}", "value": hostile(block.child_block, texts, image)}
                for number in range(2)
            ]
        case blocks.MultipleChoiceBlock():
            return [*(value for value, _label in block.field.choices), payloads.fitting(texts, 60, 0)]
        case blocks.ChoiceBlock():
            # A choice that there is: another one would hide what the block shows. test_choices plants the rest.
            return next(value for value, _label in block.field.choices if value)
        case blocks.URLBlock() | blocks.CharBlock() | blocks.TextBlock():
            return payloads.fitting(texts, getattr(block.field, "max_length", None), 0)
        case blocks.BooleanBlock():
            return True
        case blocks.IntegerBlock():
            return block.meta.default or 1
        case ProgramChoiceBlock():
            return None
    raise NotImplementedError(f"{type(block).__name__}: say here what a hostile value of it is")


def choices_in(block: blocks.Block, raw: Any, text: str) -> int:
    """Put ``text`` in place of every choice within raw data of ``block``; how many there were."""
    match block:
        case blocks.StreamBlock():
            return sum(_replaced(block.child_blocks[child["type"]], child, "value", text) for child in raw)
        case blocks.ListBlock():
            return sum(_replaced(block.child_block, child, "value", text) for child in raw)
        case blocks.StructBlock():
            return sum(_replaced(child, raw, name, text) for name, child in block.child_blocks.items() if name in raw)
    return 0


def _replaced(block: blocks.Block, holder: dict[str, Any], key: str, text: str) -> int:
    if isinstance(block, (blocks.ChoiceBlock, blocks.MultipleChoiceBlock)):
        holder[key] = [text] if isinstance(block, blocks.MultipleChoiceBlock) else text
        return 1
    return choices_in(block, holder[key], text)
