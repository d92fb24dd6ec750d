"""Template tags of pages and blocks: the site's stylesheets, and elements that a theme may replace."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import select_template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from referral_blocks.blocks.audience import audience_of
from referral_blocks.theming.theme import candidate_templates

register = template.Library()

STYLESHEETS = ("referral_blocks/css/tokens.css", "referral_blocks/css/blocks.css")
PAGE_STYLESHEET = "referral_blocks/css/page.css"
SCRIPTS = ("referral_blocks/js/share-panel.js",)


@register.simple_tag(takes_context=True)
def referral_styles(context: template.Context, whole_page: bool = False) -> SafeString:
    """Links to the blocks' stylesheets and the theme's; ``whole_page`` styles header, footer and body, too."""
    theme = audience_of(context.get("request")).theme
    sheets = [*STYLESHEETS, *([PAGE_STYLESHEET] if whole_page else []), *(theme.stylesheets if theme else ())]
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', ((static(s),) for s in sheets))


@register.simple_tag
def referral_scripts() -> SafeString:
    """The blocks' scripts, as modules: pages work without them."""
    return format_html_join("\n", '<script type="module" src="{}"></script>', ((static(s),) for s in SCRIPTS))


@register.simple_tag(takes_context=True)
def referral_theme(context: template.Context) -> SafeString:
    """An attribute for ``<html>`` that names the theme."""
    slug = audience_of(context.get("request")).theme_slug
    return format_html('data-rb-theme="{}"', slug) if slug else SafeString("")


@register.simple_tag(takes_context=True)
def referral_element(context: template.Context, name: str, **given: Any) -> SafeString:
    """A small piece of a block, such as ``{% referral_element "notice" text=… %}``: the theme's, or the plain one."""
    audience = audience_of(context.get("request"))
    chosen = select_template(candidate_templates(f"elements/{name}.html", audience.theme_slug))
    return chosen.render({"request": context.get("request"), "audience": audience, **given})
