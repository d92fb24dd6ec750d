"""Registers the theme."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from referral_blocks.theming.theme import Theme, register_theme


class StreetConfig(AppConfig):
    default = True
    name = "themes.street"
    label = "themes_street"

    def ready(self) -> None:
        register_theme(Theme("street", _("Street"), ("themes/street/tokens.css", "themes/street/elements.css")))
