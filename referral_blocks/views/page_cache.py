"""How long a page with blocks may be kept, and by whom: docs/adr/0011-cacheable-pages.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils.cache import patch_cache_control, patch_vary_headers

from referral_blocks.blocks.audience import audience_of

Serve = Callable[[Any, HttpRequest, Any, Any], HttpResponse]


def keep_pages_personal(serve: Serve) -> Serve:
    """Wagtail's ``on_serve_page``: whatever page holds the blocks, what was said to one visitor stays out of shared
    caches."""

    def wrapper(page: Any, request: HttpRequest, args: Any, kwargs: Any) -> HttpResponse:
        response = serve(page, request, args, kwargs)
        if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
            response.add_post_render_callback(lambda rendered: keep_personal(request, rendered))
        else:
            keep_personal(request, response)
        return response

    return wrapper


def keep_personal(request: HttpRequest, response: HttpResponse) -> None:
    """Set the cache headers that follow from what the blocks asked about the visitor."""
    audience = audience_of(request)
    if audience.asked:
        patch_vary_headers(response, ["Cookie"])
    if audience.personal:
        patch_cache_control(response, private=True)
