"""The site as it is, and beside it a bare view that makes one INSERT and hand-written JSON views."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from cms.urls import urlpatterns as site_urlpatterns
from referral_blocks.links.models import Visit

from .plain_json import dashboard, nested


def bare(request: HttpRequest, link: int, program: int) -> HttpResponse:
    """The least that Django can do and write a row."""
    Visit.objects.create(link_id=link, program_id=program, ip_hash="bare")
    return HttpResponse()


urlpatterns = [
    path("bare/<int:link>/<int:program>/", bare),
    path("plain/dashboard/", dashboard),
    path("plain/nested/", nested),
    *site_urlpatterns,
]
