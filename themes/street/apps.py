"""Registers the theme."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from referral_blocks.theming.theme import Fonts, Palette, Theme, register_theme

FILES = "themes/street/"
FONTS = Fonts(
    label=_("Fredoka and Nunito (rounded)"),
    heading='"Fredoka", "Fredoka Arial", "Fredoka Roboto", ui-rounded, system-ui, sans-serif',
    body='"Nunito", "Nunito Arial", "Nunito Roboto", ui-rounded, system-ui, sans-serif',
    stylesheet=FILES + "fonts.css",
    preload=(FILES + "fonts/fredoka-latin.woff2", FILES + "fonts/nunito-latin.woff2"),
)


class StreetConfig(AppConfig):
    default = True
    name = "themes.street"
    label = "themes_street"

    def ready(self) -> None:
        register_theme(
            Theme(
                slug="street",
                label=_("Street"),
                description=_("The friendly local trade: a painted shop front, rounded letters, big buttons."),
                stylesheets=(FILES + "tokens.css", FILES + "elements.css"),
                fonts=FONTS,
                light=Palette(grounds=("#fffcf5", "#ffffff", "#f3eddd"), hero="#ffc53d", panel=""),
                dark=Palette(grounds=("#0f1915", "#1a2721", "#16211c"), hero="#123a2c", panel=""),
            )
        )
