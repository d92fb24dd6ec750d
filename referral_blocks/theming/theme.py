"""What a theme is: a registered slug, stylesheets and fonts, and templates that stand before the plain ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.functional import Promise

# What every page with blocks loads before its theme; the second for pages that are the plugin's from top to bottom.
STYLESHEETS = tuple(f"referral_blocks/css/{name}.css" for name in ("tokens", "blocks", "portal"))
PAGE_STYLESHEET = "referral_blocks/css/page.css"


@dataclass(frozen=True, slots=True)
class Fonts:
    """Faces that any theme can wear. ``stylesheet`` holds nothing but ``@font-face``; ``preload`` are the files that
    nearly every page needs; ``heading`` and ``body`` are values of ``font-family``."""

    label: str | Promise
    heading: str
    body: str
    stylesheet: str = ""
    preload: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Palette:
    """What a brand's colours meet in one scheme, as ``#rrggbb``: every background that links and forms stand on, and
    those of hero and share panel (empty: made from the brand)."""

    grounds: tuple[str, ...]
    hero: str
    panel: str = ""


@dataclass(frozen=True, slots=True)
class CardStyle:
    """The image beside a link, drawn on the server. ``heading`` and ``body`` are static paths of font files, each
    letter being drawn by the first that has it; ``ornament`` is a key of ``card_ornaments.ORNAMENTS``; ``offer`` is
    ``words`` or ``label``; ``area`` (left, top, right, bottom) is free for words, of 1200 by 630 pixels."""

    ornament: str = "plain"
    heading: tuple[str, ...] = ()
    heading_weight: int = 400
    body: tuple[str, ...] = ()
    body_weight: int = 400
    leading: float = 1.08
    offer: str = "label"
    radius: int = 12
    centered: bool = False
    area: tuple[int, int, int, int] = (88, 72, 1112, 558)
    dark: bool = False
    # What the brand leaves to the theme, as #rrggbb.
    ground: str = "#ffffff"
    ink: str = "#1d2126"
    accent: str = "#1f4fbf"
    on_accent: str = "#ffffff"


# The same as in static/referral_blocks/css/tokens.css; a test compares them, for these and for every theme.
PLAIN_LIGHT = Palette(("#ffffff", "#f2f4f8"), "#f2f4f8", "#f2f4f8")
PLAIN_DARK = Palette(("#14171b", "#1c2026"), "#1c2026", "#1c2026")


@dataclass(frozen=True, slots=True)
class Theme:
    """``stylesheets`` are static paths, loaded in order after the plugin's own and after the fonts."""

    slug: str
    label: str | Promise
    stylesheets: tuple[str, ...] = ()
    fonts: Fonts | None = None
    light: Palette = field(default=PLAIN_LIGHT)
    dark: Palette = field(default=PLAIN_DARK)
    description: str | Promise = ""
    card: CardStyle | None = None  # None: words on the hero's colour


_themes: dict[str, Theme] = {}


def register_theme(theme: Theme) -> None:
    """Make a theme choosable; called by its app config when Django starts."""
    _themes[theme.slug] = theme


def get_theme(slug: str) -> Theme | None:
    """The theme, or None for an empty slug and for one that is no longer installed."""
    return _themes.get(slug)


def all_themes() -> list[Theme]:
    return list(_themes.values())


def theme_choices() -> list[tuple[str, str | Promise]]:
    """All registered themes for a select field."""
    return [(t.slug, t.label) for t in _themes.values()]


def candidate_templates(name: str, slug: str) -> list[str]:
    """Template names to try in order for ``name`` (such as ``blocks/hero.html``): the theme's, then the plain one."""
    plain = f"referral_blocks/{name}"
    return [f"themes/{slug}/{name}", plain] if get_theme(slug) else [plain]
