"""A block on a page as a stranger sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wagtail import blocks

from graphql_api.stranger import Stranger
from referral_blocks.programs.models import Program


@dataclass
class Seen:
    """One block: its ``name`` in the stream, its ``value``, and what its resolvers may ask. ``id`` is unique among all
    pages; copies of a page share the ids of their blocks."""

    id: str
    name: str
    block: blocks.Block
    value: Any
    page: Any
    stranger: Stranger

    @cached_property
    def program(self) -> Program | None:
        """The block's own choice, else the page's, else the site's only live programme; never a draft."""
        chosen = self.value.get("program") if isinstance(self.value, dict) else None
        return self.stranger.program_for(chosen=chosen, page=self.page)

    @cached_property
    def shown(self) -> dict[str, Any]:
        """What a referral block's own template gets on top of its fields; empty without the programme it needs."""
        block: Any = self.block
        if block.needs_program and self.program is None:
            return {}
        context = {
            "page": self.page,
            "offer": self.stranger.promise(self.program) if self.program else None,
            "anchor": block.template_name,
            "form_id": self.id,
        }
        value = {name: "" if part is None and name != "program" else part for name, part in self.value.items()}
        given: dict[str, Any] = block.extra_context(
            value, audience=self.stranger, program=self.program, context=context
        )
        return given
