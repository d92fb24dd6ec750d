"""Template tags of pages and blocks: the site's stylesheets, and elements that a theme may replace."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.loader import select_template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from referral_blocks.blocks.audience import audience_of
from referral_blocks.blocks.picture import UNREADABLE
from referral_blocks.blocks.recognition import ME, TOLD_PARAMETER, is_recognised
from referral_blocks.blocks.share_meta import meta_of
from referral_blocks.theming.theme import PAGE_STYLESHEET, STYLESHEETS, candidate_templates

register = template.Library()

SCRIPTS = tuple(f"referral_blocks/js/{name}.js" for name in ("share-panel", "countdown", "cta-bar"))
LOOK_AGAIN = "referral_blocks/js/personal.js"  # on what was made for a stranger, and may come out of a cache


@register.simple_tag(takes_context=True)
def referral_styles(context: template.Context, whole_page: bool = False) -> SafeString:
    """Links to the blocks' stylesheets, the theme's and the brand's; ``whole_page`` styles header, footer and body,
    too."""
    look = audience_of(context.get("request")).about(context).look
    sheets = [*STYLESHEETS, *([PAGE_STYLESHEET] if whole_page else []), *look.stylesheets]
    addresses = [static(sheet) for sheet in sheets]
    if look.version:
        addresses.append(reverse("referral_blocks:brand", args=[look.version]))
    early = format_html_join(
        "\n",
        '<link rel="preload" href="{}" as="font" type="font/woff2" crossorigin>',
        ((static(file),) for file in look.preload),
    )
    return early + format_html_join("\n", '<link rel="stylesheet" href="{}">', ((a,) for a in addresses))


@register.inclusion_tag("referral_blocks/share_meta.html", takes_context=True)
def referral_meta(context: template.Context, page: Any) -> dict[str, Any]:
    """Description, canonical address, translations and Open Graph of a Wagtail page; nothing without a page."""
    audience = audience_of(context.get("request")).about(context)
    return {"meta": meta_of(page, audience) if hasattr(page, "get_url_parts") else None}


@register.simple_tag(takes_context=True)
def referral_scripts(context: template.Context) -> SafeString:
    """The blocks' scripts, as modules: pages work without them."""
    request = context.get("request")
    scripts = format_html_join("\n", '<script type="module" src="{}"></script>', ((static(s),) for s in SCRIPTS))
    if request is None or getattr(request, "is_preview", False):
        return scripts
    if is_recognised(request) and request.GET.get(TOLD_PARAMETER) != ME:
        return scripts
    return format_html('<script type="module" async src="{}"></script>\n{}', static(LOOK_AGAIN), scripts)


@register.simple_tag(takes_context=True)
def referral_theme(context: template.Context) -> SafeString:
    """An attribute for ``<html>`` that names the theme."""
    slug = audience_of(context.get("request")).about(context).theme_slug
    return format_html('data-rb-theme="{}"', slug) if slug else SafeString("")


@register.simple_tag(takes_context=True)
def referral_logo(context: template.Context, name: str) -> SafeString:
    """The brand's logo, with the site's ``name`` for those who cannot see it; the name where there is no logo, or none
    whose file can be shown."""
    logo = audience_of(context.get("request")).about(context).look.logo
    if logo is None:
        return format_html("{}", name)
    try:
        shown = logo.get_rendition("max-640x128|preserve-svg")
    except UNREADABLE:
        return format_html("{}", name)
    return format_html(
        '<img class="rb-page__logo" src="{}" width="{}" height="{}" alt="{}">',
        shown.url, shown.width, shown.height, name,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def referral_element(context: template.Context, name: str, **given: Any) -> SafeString:
    """A small piece of a block, such as ``{% referral_element "notice" text=… %}``: the theme's, or the plain one."""
    audience = audience_of(context.get("request")).about(context)
    chosen = select_template(candidate_templates(f"elements/{name}.html", audience.theme_slug))
    return chosen.render({"request": context.get("request"), "audience": audience, **given})
