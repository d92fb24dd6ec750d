"""One Content-Security-Policy for visitors, and the tightest one that Wagtail's admin runs under.

Wagtail 8.0 was driven through with the visitors' policy and a listener for what it stops, as tests/looks/test_csp.py
does again: log-in, dashboard, explorer, page editor with preview, blocks, choosers, uploads and schedule, lists,
reports, our forms and desks. Neither inline styles nor eval were needed anywhere. What the admin does need more:

- the inline scripts that start a chooser, a date field or an inline panel. Their text differs from page to page, but
  always is one call with data. Each that has exactly this shape is allowed by its hash; any other inline script, and so
  whatever somebody smuggles in, is not. A nonce would have to be put into the templates of Wagtail's widgets.
- frames with previews of our own site.
- on the page that uploads several pictures, and there alone, ``blob:`` to show them before they are sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re

from csp.constants import SELF
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

ADMIN_EXTRA = {"frame-src": [SELF]}
UPLOAD_EXTRA = {"img-src": ["blob:"]}

INLINE_SCRIPT = re.compile(r"<script>([^<]*)</script>")
# new PageChooser("id_page", {…}); initDateChooser("id_day", {…}); createTaskChooser("id_task");
STARTS_WIDGET = re.compile(
    r'(?:new [A-Z]\w*Chooser|init(?:Date|Time|DateTime)Chooser|createTaskChooser)\("[\w-]+"(?:, (\{.*\}))?\);'
)
# Django's escapejs leaves neither quotes nor backslashes but those of \u….
STARTS_PANEL = re.compile(
    r"\s*\(function\(\) \{\s*var panel = new (?:InlinePanel|MultipleChooserPanel)"
    r'\(JSON\.parse\("(?:[^"\\\n]|\\u[0-9A-F]{4})*"\)\);\s*\}\)\(\);\s*'
)


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp's middleware with the admin's exceptions put in one place."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith(reverse("wagtailadmin_home")):
            known = _hashes(response) if isinstance(response, HttpResponse) else []
            extra = UPLOAD_EXTRA if request.path == reverse("wagtailimages:add_multiple") else {}
            response._csp_update = {**ADMIN_EXTRA, **extra, "script-src": known}  # type: ignore[attr-defined]
        return super().process_response(request, response)


def _hashes(response: HttpResponse) -> list[str]:
    """The sources that allow the page's own starting scripts, each once."""
    if not response.get("Content-Type", "").startswith("text/html"):
        return []
    scripts = INLINE_SCRIPT.findall(response.content.decode(response.charset))
    return sorted({_hash(script) for script in scripts if only_starts_a_widget(script)})


def only_starts_a_widget(script: str) -> bool:
    """Whether the script is one call of Wagtail's with nothing but data in it."""
    if STARTS_PANEL.fullmatch(script):
        return True
    call = STARTS_WIDGET.fullmatch(script)
    if call is None:
        return False
    try:
        json.loads(call[1] or "{}")
    except ValueError:
        return False
    return True


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
