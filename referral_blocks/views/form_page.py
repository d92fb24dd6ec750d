"""The page that a form came from: served again with the form, or returned to."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, ResolverMatch, get_script_prefix, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, get_language_from_path, override

from referral_blocks.blocks.audience import audience_of
from referral_blocks.blocks.form_base import ReferralForm
from referral_blocks.blocks.forms import SentForm
from referral_blocks.programs.models import Program

WAGTAIL_VIEW = "wagtail_serve"


def show_again(request: HttpRequest, form: ReferralForm, program: Program | None, *, status: int) -> HttpResponse:
    """The page with the form, what was typed in it and what is wrong with it; works without scripts and in any Wagtail
    page, whose view restrictions stay in force. A form whose page cannot be found gets a page of its own."""
    sent = SentForm(form.data.get("form", ""), form)
    request.referral_sent_form = sent  # type: ignore[attr-defined]
    response = _serve(request, form)
    if response is None or (response.status_code == 200 and not sent.is_shown):
        if program is not None:
            form.for_program(program)
        context = {"form": form, "program": program, "audience": audience_of(request), "anchor": "form"}
        response = render(request, "referral_blocks/form_page.html", context)
    if response.status_code == 200:
        response.status_code = status
    response["Cache-Control"] = "private, no-store"  # what somebody has typed is on it
    return response


def back_to_page(request: HttpRequest, form: ReferralForm, *, told: str, anchor: str) -> HttpResponse:
    """Redirect to the form's page, so that a reload sends nothing twice; ``told`` is what the page then says."""
    path = page_of(form)
    if path:
        return HttpResponseRedirect(f"{get_script_prefix().rstrip('/')}{path}?rb={told}#{anchor}")
    return render(request, "referral_blocks/form_done.html", {"told": told, "audience": audience_of(request)})


def page_of(form: ReferralForm) -> str:
    """The path of the Wagtail page that the form says it came from, or nothing for any other address."""
    path = form.data.get("page", "")
    with override(get_language_from_path(path) or get_language()):
        return path if _match(path) else ""


def _match(path: str) -> ResolverMatch | None:
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return None
    if urlsplit(path).path != path:
        return None
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return match if match.url_name == WAGTAIL_VIEW else None


def _serve(request: HttpRequest, form: ReferralForm) -> HttpResponse | None:
    path = form.data.get("page", "")
    with override(get_language_from_path(path) or get_language()):
        match = _match(path)
        if match is None:
            return None
        request.path_info = path
        request.path = get_script_prefix().rstrip("/") + path
        # The page is only looked at: one that takes forms of its own must not take ours for one of them.
        sent_by, request.method = request.method, "GET"
        try:
            response = match.func(request, *match.args, **match.kwargs)
            if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                response.render()
        except Http404:
            return None
        finally:
            request.method = sent_by
    return response
