"""Registers the theme."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from referral_blocks.theming.theme import CardStyle, Fonts, Palette, Theme, register_theme

FILES = "themes/street/"
FONTS = Fonts(
    label=_("Fredoka and Nunito (rounded)"),
    heading='"Fredoka", "Fredoka Arial", "Fredoka Roboto", ui-rounded, system-ui, sans-serif',
    body='"Nunito", "Nunito Arial", "Nunito Roboto", ui-rounded, system-ui, sans-serif',
    stylesheet=FILES + "fonts.css",
    preload=(FILES + "fonts/fredoka-latin.woff2", FILES + "fonts/nunito-latin.woff2"),
)
CARD = CardStyle(
    ornament="awning",
    heading=(FILES + "fonts/fredoka-latin.woff2", FILES + "fonts/fredoka-latin-ext.woff2"),
    heading_weight=650,
    body=(FILES + "fonts/nunito-latin.woff2", FILES + "fonts/nunito-latin-ext.woff2"),
    body_weight=750,
    leading=1.06,
    radius=99,
    centered=True,
    area=(80, 138, 1120, 576),
    ground="#ffc53d",
    ink="#14231d",
    accent="#0e4f3b",
    on_accent="#ffffff",
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
                card=CARD,
                light=Palette(grounds=("#fffcf5", "#ffffff", "#f3eddd"), hero="#ffc53d", panel=""),
                dark=Palette(grounds=("#0f1915", "#1a2721", "#16211c"), hero="#123a2c", panel=""),
            )
        )
