"""What a theme is: a registered slug, a stylesheet of tokens, and templates that stand before the plain ones."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Theme:
    """``stylesheets`` are static paths, loaded in order after the plugin's own."""

    slug: str
    label: str | Promise
    stylesheets: tuple[str, ...] = ()


_themes: dict[str, Theme] = {}


def register_theme(theme: Theme) -> None:
    """Make a theme choosable; called by its app config when Django starts."""
    _themes[theme.slug] = theme


def get_theme(slug: str) -> Theme | None:
    """The theme, or None for an empty slug and for one that is no longer installed."""
    return _themes.get(slug)


def theme_choices() -> list[tuple[str, str | Promise]]:
    """All registered themes for a select field."""
    return [(t.slug, t.label) for t in _themes.values()]


def candidate_templates(name: str, slug: str) -> list[str]:
    """Template names to try in order for ``name`` (such as ``blocks/hero.html``): the theme's, then the plain one."""
    plain = f"referral_blocks/{name}"
    return [f"themes/{slug}/{name}", plain] if get_theme(slug) else [plain]
