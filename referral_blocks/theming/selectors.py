"""Reads a site's theme."""

from __future__ import annotations

from .models import SiteTheme
from .theme import Theme, get_theme


def theme_for_site(*, site_id: int) -> Theme | None:
    """The site's theme, or None when it has none."""
    row = SiteTheme.objects.filter(site_id=site_id).first()
    return get_theme(row.theme) if row else None
