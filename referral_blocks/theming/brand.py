"""A site's own colours, font and corners, laid over a theme as one small stylesheet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from .contrast import SHAPE, TEXT, at_lightness, contrast, nearest_legible, readable_on, shifted
from .theme import PLAIN_DARK, PLAIN_LIGHT, Palette, Theme, get_theme

SYSTEM_FONT = "system"
SYSTEM_STACK = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif'
RADII = {
    "square": ("0", "0", "0"),
    "soft": ("0.375rem", "0.75rem", "0.5rem"),
    "round": ("0.875rem", "1.5rem", "99rem"),
}
_HOVER = 0.055  # of lightness; away from the words on it, so that they stay legible
_DARK_HERO = 0.27


@dataclass(frozen=True, slots=True)
class Scheme:
    """The colours of one scheme as ``#rrggbb``, or empty for the theme's; words on a colour are chosen when empty."""

    accent: str = ""
    on_accent: str = ""
    hero: str = ""
    on_hero: str = ""


@dataclass(frozen=True, slots=True)
class Brand:
    """``font`` is a theme's slug or ``system``, ``radius`` a key of RADII; empty leaves it to the theme."""

    light: Scheme = Scheme()
    dark: Scheme = Scheme()
    font: str = ""
    radius: str = ""


NO_BRAND = Brand()


@lru_cache(maxsize=256)
def brand_css(brand: Brand, theme: Theme | None) -> str:
    """Custom properties for ``:root``; empty where the brand leaves everything to the theme."""
    rules = [f":root {{ {lines} }}" for lines in (_lines(tokens(brand, theme, dark=False)),) if lines]
    if dark := _lines(tokens(brand, theme, dark=True)):
        rules.append(f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}")
    if shape := _lines({**_font(brand), **_radius(brand)}):
        rules.insert(0, f":root {{ {shape} }}")
    return "\n".join(rules) + ("\n" if rules else "")


def brand_hash(css: str) -> str:
    """Names the stylesheet: another text, another address."""
    return hashlib.sha256(css.encode()).hexdigest()[:16]


def tokens(brand: Brand, theme: Theme | None, *, dark: bool) -> dict[str, str]:
    """The colours of one scheme, those that follow from the brand's included."""
    scheme = _dark_scheme(brand, theme) if dark else brand.light
    palette = palette_of(theme, dark=dark)
    made: dict[str, str] = {}
    if scheme.accent:
        on_accent = scheme.on_accent or readable_on(scheme.accent)
        link = nearest_legible(scheme.accent, palette.grounds, at_least=TEXT)
        away = -_HOVER if contrast(on_accent, "#000000") > contrast(on_accent, "#ffffff") else _HOVER
        made |= {
            "brand": brand.light.accent or scheme.accent,
            "color-accent": scheme.accent,
            "color-accent-hover": shifted(scheme.accent, lightness=away),
            "color-accent-lip": shifted(scheme.accent, lightness=-0.14),
            "color-on-accent": on_accent,
            "color-link": link,
            "color-focus": link,
        }
    hero = scheme.hero or palette.hero
    if scheme.hero:
        on_hero = scheme.on_hero or readable_on(hero)
        made |= {"brand-second": brand.light.hero or hero, "color-hero": hero, "color-on-hero": on_hero}
    if made:
        made |= _button_on("hero", hero, made)
        if palette.panel:
            made |= _button_on("panel", palette.panel, made)
    return made


def _button_on(area: str, ground: str, made: dict[str, str]) -> dict[str, str]:
    """A button must not vanish in a coloured area: where the accent does, the area's own two colours are swapped."""
    accent = made.get("color-accent")
    if accent is None:
        return {}
    if contrast(accent, ground) >= SHAPE:
        below, hover, words = accent, made["color-accent-hover"], made["color-on-accent"]
    else:
        below = hover = made.get(f"color-on-{area}", f"var(--rb-color-on-{area})")
        words = ground
    return {f"color-{area}-accent": below, f"color-{area}-accent-hover": hover, f"color-on-{area}-accent": words}


def _dark_scheme(brand: Brand, theme: Theme | None) -> Scheme:
    """What was not chosen for the dark follows from what was chosen for the light."""
    light, dark = brand.light, brand.dark
    palette = palette_of(theme, dark=True)
    accent = dark.accent or (light.accent and nearest_legible(light.accent, palette.grounds, at_least=TEXT))
    same = accent == light.accent and not dark.on_accent
    hero = dark.hero or (light.hero and at_lightness(light.hero, lightness=_DARK_HERO, chroma=0.6))
    return Scheme(accent, light.on_accent if same else dark.on_accent, hero, dark.on_hero)


def palette_of(theme: Theme | None, *, dark: bool) -> Palette:
    if theme is None:
        return PLAIN_DARK if dark else PLAIN_LIGHT
    return theme.dark if dark else theme.light


def _font(brand: Brand) -> dict[str, str]:
    if brand.font == SYSTEM_FONT:
        return {"font-body": SYSTEM_STACK, "font-heading": SYSTEM_STACK}
    lender = get_theme(brand.font)
    fonts = lender.fonts if lender else None
    return {"font-body": fonts.body, "font-heading": fonts.heading} if fonts else {}


def _radius(brand: Brand) -> dict[str, str]:
    if brand.radius not in RADII:
        return {}
    return dict(zip(("radius-small", "radius-large", "radius-button"), RADII[brand.radius], strict=True))


def _lines(made: dict[str, str]) -> str:
    return " ".join(f"--rb-{name}: {value};" for name, value in made.items())


def font_sheets(brand: Brand, theme: Theme | None) -> tuple[str, tuple[str, ...]]:
    """The static path of the one stylesheet of faces that the page needs, and of the files to fetch early."""
    if brand.font == SYSTEM_FONT:
        return "", ()
    lender = get_theme(brand.font) or theme
    return (lender.fonts.stylesheet, lender.fonts.preload) if lender and lender.fonts else ("", ())
