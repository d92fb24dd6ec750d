"""Lets an editor choose a programme in a block; keeps its id, and the audience reads all programmes at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Model
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program


class ProgramChoiceBlock(blocks.FieldBlock):
    """A select field: a site has a handful of programmes. The value is a primary key or None."""

    @cached_property
    def field(self) -> forms.ModelChoiceField:
        return forms.ModelChoiceField(
            queryset=Program.objects.all(),
            required=False,
            empty_label=_("The page’s programme"),
            help_text=_("Only needed where one page speaks of several programmes."),
        )

    def value_from_form(self, value: Any) -> int | None:
        if isinstance(value, Program):
            return value.pk
        return int(value) if value else None

    def extract_references(self, value: int | None) -> Iterator[tuple[type[Model], str, str, str]]:
        if value:
            yield Program, str(value), "", ""

    class Meta:
        label = _("Programme")
        icon = "group"
        default = None
