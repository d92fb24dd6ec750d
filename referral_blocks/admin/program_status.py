"""The side panel of a programme's form: whether the programme is live. Wagtail's own calls everything without drafts
“Live”."""

from __future__ import annotations

from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin.ui.components import MediaContainer
from wagtail.snippets.side_panels import SnippetStatusSidePanel

from referral_blocks.programs.models import Phase, Program, ProgramStatus

TEMPLATE = "referral_blocks/admin/program_status.html"
ICONS = {
    ProgramStatus.DRAFT: "draft",
    ProgramStatus.LIVE: "doc-full-inverse",
    ProgramStatus.PAUSED: "draft",
    ProgramStatus.ENDED: "lock",
}


class ProgramStatusPanel(SnippetStatusSidePanel):
    """Says what is stored, not what somebody has typed and what may have been refused."""

    def get_status_templates(self, context: dict[str, Any]) -> list[str]:
        others = super().get_status_templates(context)
        return [TEMPLATE, *(name for name in others if not name.endswith("status/workflow.html"))]

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        stored = self.stored
        return {
            **super().get_context_data(parent_context),
            "program_status": stored.get_status_display(),
            "program_status_icon": ICONS[ProgramStatus(stored.status)],
            "program_status_hint": status_hint(stored),
        }

    @cached_property
    def stored(self) -> Program:
        return Program.objects.filter(pk=self.object.pk).first() or Program()


def status_hint(program: Program) -> str:
    """What visitors have of it now."""
    return {
        Phase.DRAFT: _("Visitors see nothing of it yet."),
        Phase.SCHEDULED: _("It has not started yet."),
        Phase.OPEN: _("It is open: people join and friends are credited."),
        Phase.PAUSED: _("Links still lead to the page; nobody joins and nothing is credited."),
        Phase.ENDED: _("It has ended."),
    }[program.phase]


class OwnStatus:
    """For the views of the form."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Wagtail's header of a snippet's form is the page's main heading only where it is handed a title.
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**context, "title": context["header_title"]}

    def get_side_panels(self) -> Any:
        panels = super().get_side_panels()  # type: ignore[misc]
        return MediaContainer([_own(panel) for panel in panels])


def _own(panel: Any) -> Any:
    if not isinstance(panel, SnippetStatusSidePanel):
        return panel
    return ProgramStatusPanel(
        panel.object,
        panel.request,
        usage_url=panel.usage_url,
        history_url=panel.history_url,
        last_updated_info=panel.last_updated_info,
    )
