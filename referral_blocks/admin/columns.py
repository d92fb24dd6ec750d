"""Table columns that several lists share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from wagtail.admin.ui.tables import Column

from referral_blocks.people.models import Person


class PersonColumn(Column):
    """Name over e-mail address and, where staff have to reach them, phone; ``get_url`` makes the name a link."""

    cell_template_name = "referral_blocks/admin/cells/person.html"

    def __init__(
        self, name: str, *, get_url: Callable[[Any], str | None] | None = None, with_phone: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(name, **kwargs)
        self.get_url = get_url
        self.with_phone = with_phone

    def get_cell_context_data(self, instance: Any, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_cell_context_data(instance, parent_context)
        person: Person = self.get_value(instance)
        return {**context, "person": person, "url": self.get_url(instance) if self.get_url else ""}


class LinesColumn(Column):
    """Several short lines in one cell; the accessor returns them."""

    cell_template_name = "referral_blocks/admin/cells/lines.html"


@dataclass(frozen=True, slots=True)
class Step:
    """A button that leads to a page where the step is confirmed."""

    label: str
    url: str
    primary: bool = False


class StepsColumn(Column):
    """What the user may do with the row; the accessor returns Steps."""

    cell_template_name = "referral_blocks/admin/cells/steps.html"

    def __init__(self, label: str, steps: Callable[[Any], Iterable[Step]]) -> None:
        super().__init__("steps", label=label, accessor=steps)
