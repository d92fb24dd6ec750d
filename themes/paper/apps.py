"""Registers the theme."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from referral_blocks.theming.theme import CardStyle, Fonts, Palette, Theme, register_theme

FILES = "themes/paper/"
FONTS = Fonts(
    label=_("Young Serif and EB Garamond (editorial)"),
    heading='"Young Serif", "Young Serif Times", "Young Serif Noto", Georgia, serif',
    body='"EB Garamond", "EB Garamond Times", "EB Garamond Noto", Georgia, serif',
    stylesheet=FILES + "fonts.css",
    preload=(FILES + "fonts/young-serif-latin.woff2", FILES + "fonts/eb-garamond-latin.woff2"),
)
CARD = CardStyle(
    ornament="frame",
    heading=(FILES + "fonts/young-serif-latin.woff2", FILES + "fonts/young-serif-latin-ext.woff2"),
    body=(FILES + "fonts/eb-garamond-italic-latin.woff2", FILES + "fonts/eb-garamond-italic-latin-ext.woff2"),
    leading=1.1,
    offer="words",
    centered=True,
    area=(130, 84, 1070, 548),
    ground="#f6f0e2",
    ink="#1c2130",
    accent="#8a1f2d",
    on_accent="#fdf6e6",
)


class PaperConfig(AppConfig):
    default = True
    name = "themes.paper"
    label = "themes_paper"

    def ready(self) -> None:
        register_theme(
            Theme(
                slug="paper",
                label=_("Paper"),
                description=_("Editorial and warm: cream and ink, hairlines, wide margins."),
                stylesheets=(FILES + "tokens.css", FILES + "elements.css"),
                fonts=FONTS,
                card=CARD,
                light=Palette(grounds=("#f6f0e2", "#fdfaf2"), hero="#f6f0e2", panel=""),
                dark=Palette(grounds=("#1a1614", "#241f1c"), hero="#3c121b", panel=""),
            )
        )
