"""A programme's pages, whatever page types the host has made of the mixins: which types there are, and which pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import swapper
from django.apps import apps
from django.utils.translation import gettext_lazy as _

from referral_blocks.blocks.starter import LANDING, PORTAL, SHARE, TERMS
from referral_blocks.programs.models import Program

KINDS = {
    LANDING: _("Landing page"),
    SHARE: _("Share page"),
    PORTAL: _("Portal page"),
    TERMS: _("Terms page"),
}
# Without these two there is no programme to speak of; the others are made where the host has them.
NEEDED = (LANDING, SHARE)


def page_model() -> Any:
    return swapper.load_model("wagtailcore", "Page")


def page_types() -> dict[str, list[Any]]:
    """Kind → the host's concrete page models of it, in the order of its apps."""
    base = page_model()
    found: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for model in apps.get_models():
        kind = getattr(model, "program_page_field", "")
        if kind in found and issubclass(model, base):
            found[kind].append(model)
    return found


def missing_types() -> list[str]:
    """The mixins of ``referral_blocks.pages`` that the host has no page for, although a programme needs one."""
    types = page_types()
    return [kind for kind in NEEDED if not types[kind]]


def types_below(parent: Any) -> dict[str, Any]:
    """Kind → the first of the host's models that may be made below ``parent``; a kind that may not is left out."""
    creatable = set(parent.specific_class.creatable_subpage_models())
    fits = {
        kind: [model for model in models if model in creatable and model.can_create_at(parent)]
        for kind, models in page_types().items()
    }
    return {kind: models[0] for kind, models in fits.items() if models}


def pages_of(program: Program) -> dict[str, Any]:
    """Kind → the programme's page of that kind: a live one before a draft, then the oldest; no aliases."""
    found = {}
    for kind, models in page_types().items():
        pages = [page for model in models for page in _of_model(model, program)]
        if pages:
            found[kind] = min(pages, key=lambda page: (not page.live, page.pk))
    return found


def _of_model(model: Any, program: Program) -> Iterable[Any]:
    return model.objects.filter(program=program, alias_of=None).order_by("-live", "pk")[:1]
