"""One Content-Security-Policy for visitors, and the tightest one that Wagtail's admin runs under."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

# Wagtail's edit views hold one inline date-chooser script and inline styles.
ADMIN_EXTRA = {
    "script-src": [SELF, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp's middleware with the admin's exception put in one place."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.path.startswith(reverse("wagtailadmin_home")):
            response._csp_update = ADMIN_EXTRA  # type: ignore[attr-defined]
        return super().process_response(request, response)
