"""The operations that GraphiQL offers to begin with: one for each kind of caller."""

from __future__ import annotations

from dataclasses import dataclass

from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FOLDER = "graphql_api/examples"


@dataclass(frozen=True, slots=True)
class Example:
    """``name``: of its files in FOLDER, the document (.graphql) and what goes with it (.json: variables, headers)."""

    name: str
    title: str | Promise
    caller: str | Promise

    @property
    def document(self) -> str:
        return static(f"{FOLDER}/{self.name}.graphql")

    @property
    def given(self) -> str:
        return static(f"{FOLDER}/{self.name}.json")


EXAMPLES = (
    Example("landing-page", _("A landing page"), _("anybody")),
    Example("join", _("Join a programme"), _("anybody")),
    Example("dashboard", _("A referrer’s dashboard"), _("a referrer, with an access token")),
    Example("statistics", _("A programme’s figures"), _("a system, with an API key")),
    Example("to-hand-over", _("What is to be handed over"), _("a till, with an API key, or staff")),
    Example("standing", _("Follow one’s standing"), _("a referrer, as a subscription")),
)
