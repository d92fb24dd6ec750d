"""Reads how a site's pages look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .brand import NO_BRAND, Brand, brand_css, brand_hash, font_sheets
from .models import SiteTheme
from .theme import Theme, all_themes, get_theme


@dataclass(frozen=True, slots=True)
class Look:
    """A theme with a brand on it; both may be empty. ``logo`` is an image of Wagtail's, or None."""

    theme: Theme | None = None
    brand: Brand = NO_BRAND
    logo: Any = None

    @property
    def slug(self) -> str:
        return self.theme.slug if self.theme else ""

    @property
    def css(self) -> str:
        return brand_css(self.brand, self.theme)

    @property
    def version(self) -> str:
        """Names the brand's stylesheet; empty where there is none."""
        return brand_hash(self.css) if self.css else ""

    @property
    def stylesheets(self) -> tuple[str, ...]:
        """Static paths in the order in which they are loaded after the plugin's own."""
        fonts, _early = font_sheets(self.brand, self.theme)
        return (*([fonts] if fonts else []), *(self.theme.stylesheets if self.theme else ()))

    @property
    def preload(self) -> tuple[str, ...]:
        return font_sheets(self.brand, self.theme)[1]


def look_of_site(*, site_id: int, theme: str = "") -> Look:
    """The site's look; ``theme`` is a programme's own choice and stands before the site's while it is installed."""
    row = SiteTheme.objects.filter(site_id=site_id).select_related("logo").first()
    if row is None:
        return Look(get_theme(theme))
    return Look(get_theme(theme) or get_theme(row.theme), row.brand, row.logo)


def look_by_version(*, site_id: int, version: str) -> Look | None:
    """The look of this site whose stylesheet has this name; None for a name of another day. A programme's theme makes
    another stylesheet of the same brand, so that each theme is tried."""
    row = SiteTheme.objects.filter(site_id=site_id).first()
    looks = [Look(theme, row.brand) for theme in (None, *all_themes())] if row else []
    return next((look for look in looks if look.version == version), None)
