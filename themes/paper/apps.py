"""Registers the theme."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from referral_blocks.theming.theme import Fonts, Palette, Theme, register_theme

FILES = "themes/paper/"
FONTS = Fonts(
    label=_("Young Serif and EB Garamond (editorial)"),
    heading='"Young Serif", "Young Serif Times", "Young Serif Noto", Georgia, serif',
    body='"EB Garamond", "EB Garamond Times", "EB Garamond Noto", Georgia, serif',
    stylesheet=FILES + "fonts.css",
    preload=(FILES + "fonts/young-serif-latin.woff2", FILES + "fonts/eb-garamond-latin.woff2"),
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
                light=Palette(grounds=("#f6f0e2", "#fdfaf2"), hero="#f6f0e2", panel=""),
                dark=Palette(grounds=("#1a1614", "#241f1c"), hero="#3c121b", panel=""),
            )
        )
