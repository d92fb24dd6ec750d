"""Tells the editor of a page which of its referral blocks visitors cannot see, and what to do about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from wagtail.admin import messages

from referral_blocks.blocks.audience import Audience
from referral_blocks.blocks.trouble import trouble
from referral_blocks.blocks.walk import blocks_of


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
    found = list(blocks_of(page))
    if not found:
        return []
    audience = EditorAudience(page)
    grouped: dict[str, list[str]] = {}
    for block, value in found:
        program = audience.program_for(chosen=value.get("program"), page=page)
        text = trouble(block, value, audience=audience, program=program, page=page)
        if text:
            labels = grouped.setdefault(text, [])
            if str(block.label) not in labels:
                labels.append(str(block.label))
    return list(grouped.items())
