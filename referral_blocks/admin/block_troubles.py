"""Tells the editor of a page which of its referral blocks visitors cannot see, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from wagtail import blocks
from wagtail.admin import messages
from wagtail.fields import StreamField

from referral_blocks.blocks.aims import AIMS, PAGES
from referral_blocks.blocks.audience import Audience
from referral_blocks.blocks.base import ReferralBlock
from referral_blocks.blocks.trouble import trouble
from referral_blocks.programs.models import Program


class EditorAudience(Audience):
    """Reads of the page's own site, drafts included, whichever host the admin is on."""

    is_preview = True

    def __init__(self, page: Any) -> None:
        super().__init__(None)
        self.__dict__["site"] = page.get_site()


def before_edit_page(request: HttpRequest, page: Any) -> None:
    """Hook before the editor opens: a warning that lists what is wrong, until it is not."""
    if request.method != "GET":
        return
    found = page_troubles(page)
    if found:
        lines = format_html_join("", "<li><b>{}</b>: {}</li>", ((", ".join(names), text) for text, names in found))
        messages.warning(request, format_html("{}<ul>{}</ul>", _("Some blocks of this page need you:"), lines))


def page_troubles(page: Any) -> list[tuple[str, list[str]]]:
    """Sentences, each with the labels of the blocks that it is about, in the page's order."""
    found = [pair for field in page._meta.fields if isinstance(field, StreamField) for pair in _walk(page, field)]
    if not found:
        return []
    audience, names = EditorAudience(page), {block.name for block, _value in found}
    grouped: dict[str, list[str]] = {}
    for block, value in found:
        program = audience.program_for(chosen=value.get("program"), page=page)
        text = trouble(block, value, audience=audience, program=program, page=page)
        text = text or _aimless(value, names, program)
        if text:
            labels = grouped.setdefault(text, [])
            if str(block.label) not in labels:
                labels.append(str(block.label))
    return list(grouped.items())


def _walk(page: Any, field: StreamField) -> Iterator[tuple[ReferralBlock, Any]]:
    value = getattr(page, field.name)
    if value is not None:
        yield from _blocks_in(value.stream_block, value)


def _blocks_in(block: blocks.Block, value: Any) -> Iterator[tuple[ReferralBlock, Any]]:
    """The referral blocks in a value, also within a host's own columns and lists."""
    if isinstance(block, ReferralBlock):
        yield block, value
    elif isinstance(block, blocks.StreamBlock):
        for child in value or ():
            yield from _blocks_in(child.block, child.value)
    elif isinstance(block, blocks.ListBlock):
        for item in value or ():
            yield from _blocks_in(block.child_block, item)
    elif isinstance(block, blocks.StructBlock) and hasattr(value, "get"):
        for name, child_block in block.child_blocks.items():
            yield from _blocks_in(child_block, value.get(name))


def _aimless(value: Any, names: set[str], program: Program | None) -> str:
    aim = value.get("action_aim")
    if not aim or not value.get("action_text") or aim in names:
        return ""
    words = {"aim": dict(AIMS).get(aim, aim)}
    if aim not in PAGES:
        return _("The button leads to “%(aim)s”, but there is no such block here. Add it, or aim elsewhere.") % words
    if program is not None and getattr(program, f"{aim}_id") is None:
        return _("The button leads to “%(aim)s”, but none is published yet. Visitors see no button.") % words
    return ""
