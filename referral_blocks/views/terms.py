"""The terms of a programme in one version, as people accepted them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from referral_blocks.blocks.audience import audience_of
from referral_blocks.core.errors import DomainError
from referral_blocks.programs.models import TermsVersion
from referral_blocks.programs.selectors import program_by_slug

from .site import site_of


@require_safe
def terms(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version, with links to the others; Http404 for a draft, an unknown programme and an unknown number."""
    try:
        program = program_by_slug(site_id=site_of(request).pk, slug=slug)
    except DomainError:
        raise Http404 from None
    versions = list(TermsVersion.objects.filter(program=program).exclude(text=""))
    version = next((v for v in versions if v.number == number), None)
    if version is None:
        raise Http404
    context = {
        "program": program,
        "version": version,
        "versions": versions,
        "is_in_force": version.text == program.terms,
        "audience": audience_of(request),
    }
    response = render(request, "referral_blocks/terms_version.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response
