"""Serves <referral-share> and its words to pages of any origin: both are the same for everybody."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from .script import script
from .words import known_language, words

FOR_EVER = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600, stale-while-revalidate=604800"


@gzip_page
@require_safe
def latest(request: HttpRequest) -> HttpResponse:
    """The address that pages name: it stays the same, and a new version comes within the hour."""
    return _answer(request, script().text, "text/javascript", version=script().version, keep=FOR_AN_HOUR)


@gzip_page
@require_safe
def versioned(request: HttpRequest, version: str) -> HttpResponse:
    """One version and no other, to be kept for ever; 404 for those that this site no longer has."""
    if version != script().version:
        raise Http404
    return _answer(request, script().text, "text/javascript", version=version, keep=FOR_EVER)


@gzip_page
@require_safe
def said(request: HttpRequest, language: str) -> HttpResponse:
    """The words in the site's language that is nearest to this one."""
    text, version = _said(known_language(language))
    return _answer(request, text, "application/json", version=version, keep=FOR_AN_HOUR)


@cache
def _said(language: str) -> tuple[str, str]:
    text = json.dumps(words(language), ensure_ascii=False)
    return text, hashlib.sha256(text.encode()).hexdigest()[:16]


def _answer(request: HttpRequest, text: str, content_type: str, *, version: str, keep: str) -> HttpResponse:
    etag = f'W/"{version}"'  # weak: the same whether it is compressed or not
    known = [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]
    response = (
        HttpResponseNotModified()
        if etag in known
        else HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    )
    response["ETag"] = etag
    response["Cache-Control"] = keep
    # A script of the type “module”, and fetch(), ask for this on other origins.
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
