"""The base of every block: finds its template in the site's theme, and its programme and visitor by the request."""

from __future__ import annotations

from typing import Any, ClassVar

from django.template.loader import select_template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import BlockGroup

from referral_blocks.programs.models import Program
from referral_blocks.theming.theme import candidate_templates

from .audience import Audience, audience_of
from .program_choice import ProgramChoiceBlock
from .sample import SampleAudience
from .stored import readable
from .trouble import trouble

Context = dict[str, Any]


class ReferralBlock(blocks.StructBlock):
    """A block called ``hero`` has the template ``blocks/hero.html`` in the theme or in the plugin.

    Its template gets ``audience``, ``program`` (may be None), ``offer``, ``anchor`` and what ``extra_context`` adds.
    """

    template_name: ClassVar[str]
    # Without a programme a block that needs one shows nothing to visitors, and editors what to do.
    needs_program: ClassVar[bool] = True
    # Whether the block has its say while the programme is open only; visitors then read when it is.
    needs_open: ClassVar[bool] = False
    # Whether the first one on a page gives it its main heading, in place of the page's title.
    heads_page: ClassVar[bool] = False

    # Fields behind the cog: a fresh block needs none of them.
    in_settings: ClassVar[tuple[str, ...]] = ("program",)

    program = ProgramChoiceBlock()

    def get_form_layout(self) -> BlockGroup:
        shown = [name for name in self.child_blocks if name not in self.in_settings]
        return BlockGroup(children=shown, settings=list(self.in_settings))

    def to_python(self, value: Any) -> Any:
        return super().to_python(readable(self, value))

    def bulk_to_python(self, values: Any) -> Any:
        return super().bulk_to_python([readable(self, value) for value in values])

    def get_template(self, value: Any = None, context: Context | None = None) -> list[str]:
        audience = audience_of((context or {}).get("request"))
        return candidate_templates(f"blocks/{self.template_name}.html", audience.theme_slug)

    def render(self, value: Any, context: Context | None = None) -> SafeString:
        """Nothing broken for visitors: a block that cannot be shown is not there. In a preview it says what to do."""
        audience = audience_of((context or {}).get("request"))
        program = self._program(audience, value, context or {})
        shown = "" if self.needs_program and program is None else super().render(value, context)
        return format_html("{}{}", self._note(value, audience, program, context or {}), shown)

    def _note(self, value: Any, audience: Audience, program: Program | None, context: Context) -> SafeString:
        if not audience.is_preview or audience.is_sample:
            return SafeString("")
        text = trouble(self, value, audience=audience, program=program, page=context.get("page"))
        if text and program is not None and audience.is_draft(program) and not audience.is_first(text):
            return SafeString("")  # said once is enough of a whole programme
        note = select_template(candidate_templates("elements/block_note.html", audience.theme_slug))
        return note.render({"text": text}) if text else SafeString("")

    def own_trouble(self, value: Any, *, audience: Audience, program: Program | None) -> str:
        """What an editor should do about this block, in a sentence; empty when all is well."""
        return ""

    def get_context(self, value: Any, parent_context: Context | None = None) -> Context:
        # A draft may leave any field empty, and “None” is no text.
        value = self._to_struct_value([(k, "" if v is None and k != "program" else v) for k, v in value.items()])
        context = super().get_context(value, parent_context=parent_context)
        audience = audience_of(context.get("request"))
        program = self._program(audience, value, context)
        context.update(
            audience=audience,
            program=program,
            offer=audience.promise(program) if program else None,
            anchor=audience.anchor(self.template_name.replace("_", "-")),
        )
        context["form_id"] = str(context.get("id") or context["anchor"])
        if program is not None or not self.needs_program:
            context.update(self.extra_context(value, audience=audience, program=program, context=context))
        return context

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        """What this block's template needs on top."""
        return {}

    def get_preview_context(self, value: Any, parent_context: Context | None = None) -> Context:
        context = super().get_preview_context(value, parent_context=parent_context)
        if request := context.get("request"):
            request.referral_audience = SampleAudience(request)
        return context

    @staticmethod
    def _program(audience: Audience, value: Any, context: Context) -> Program | None:
        return audience.program_for(chosen=(value or {}).get("program"), page=context.get("page"))

    class Meta:
        group = _("Referrals")
        preview_template = "referral_blocks/block_preview.html"
