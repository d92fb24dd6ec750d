"""Registers the theme."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from referral_blocks.theming.theme import CardStyle, Fonts, Palette, Theme, register_theme

FILES = "themes/signal/"
FONTS = Fonts(
    label=_("Host Grotesk (crisp)"),
    heading='"Host Grotesk", "Host Grotesk Arial", "Host Grotesk Roboto", system-ui, sans-serif',
    body='"Host Grotesk", "Host Grotesk Arial", "Host Grotesk Roboto", system-ui, sans-serif',
    stylesheet=FILES + "fonts.css",
    preload=(FILES + "fonts/host-grotesk-latin.woff2", FILES + "fonts/geist-mono-latin.woff2"),
)
CARD = CardStyle(
    ornament="grid",
    heading=(FILES + "fonts/host-grotesk-latin.woff2", FILES + "fonts/host-grotesk-latin-ext.woff2"),
    heading_weight=600,
    body=(FILES + "fonts/geist-mono-latin.woff2", FILES + "fonts/geist-mono-latin-ext.woff2"),
    leading=1.04,
    radius=8,
    area=(72, 68, 1010, 562),
    dark=True,
    ground="#0a0b0d",
    ink="#f2f4f7",
    accent="#ff5a1f",
    on_accent="#140600",
)


class SignalConfig(AppConfig):
    default = True
    name = "themes.signal"
    label = "themes_signal"

    def ready(self) -> None:
        register_theme(
            Theme(
                slug="signal",
                label=_("Signal"),
                description=_("A crisp product look: a strong grid and one bright colour, at its best in the dark."),
                stylesheets=(FILES + "tokens.css", FILES + "elements.css"),
                fonts=FONTS,
                card=CARD,
                light=Palette(grounds=("#f3f4f6", "#ffffff"), hero="#f3f4f6", panel="#0b0d10"),
                dark=Palette(grounds=("#0a0b0d", "#13161a"), hero="#0a0b0d", panel="#13161a"),
            )
        )
