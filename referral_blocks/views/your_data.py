"""/referrals/your-data/: whoever takes part, as a referrer or as a friend, sees, downloads and erases their data.

The way in is a link to their own mailbox, fresh for an hour: a session that was stolen erases nobody.
"""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from referral_blocks.blocks.form_base import ReferralForm, TermsForm, started_now
from referral_blocks.core.errors import DomainError
from referral_blocks.core.ratelimit import TooManyRequests, check_rate
from referral_blocks.core.visitor import ip_hash
from referral_blocks.flows.erase_person import erase_person, open_value
from referral_blocks.flows.export_person import write_person
from referral_blocks.flows.request_data_link import request_data_link
from referral_blocks.flows.sign_out import sign_out_browser
from referral_blocks.people.data_page import read_file_token, read_page_token
from referral_blocks.people.models import Person
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import read_session

from .origin import is_same_origin
from .secret_address import secret_address
from .sign_in import forget_sessions, sessions_of
from .site import site_of

LIMIT = "10/minute"
FILES = "20/hour"  # a person: each reads their whole history


class AskForm(ReferralForm):
    """Whose mailbox gets the link."""

    action: ClassVar[str] = "referral_blocks:your_data"
    program = forms.SlugField(max_length=60, required=False, widget=forms.HiddenInput)
    email = TermsForm.base_fields["email"]


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def your_data(request: HttpRequest) -> HttpResponseBase:
    """Asks for the mailbox; a referrer who is signed in need not type it, and downloads at once."""
    person = signed_in(request)
    if request.method != "POST":
        return _ask(request, person, AskForm(initial={"started": started_now()}))
    form = AskForm(request.POST)
    if not is_same_origin(request):
        form.is_valid()
        form.add_error(None, _("This form was sent from another site. Open the page here and try again."))
        return _ask(request, person, form, status=403)
    if form.is_trap_sprung:
        return _ask(request, person, AskForm(), mailed=True)
    try:
        check_rate("your_data", ip_hash(request), limit=LIMIT)
        return _to_session(request, person) if person is not None else _to_mailbox(request, form)
    except DomainError as error:
        form.is_valid()
        form.refuse(error)
        status = 429 if isinstance(error, TooManyRequests) else 422
        return _ask(request, person, form, status=status)


def _to_session(request: HttpRequest, person: Person) -> HttpResponseBase:
    if request.POST.get("do") == "download":
        return file_of(person)
    request_data_link(site_id=site_of(request).pk, email=person.email)
    return _ask(request, person, AskForm(), mailed=True)


def _to_mailbox(request: HttpRequest, form: AskForm) -> HttpResponseBase:
    if form.is_too_quick:
        form.renew()
        form.add_error(None, _("That was very quick. Check your details, then press the button once more."))
    if not form.is_valid():
        return _ask(request, None, form, status=422)
    request_data_link(site_id=site_of(request).pk, email=form.cleaned_data["email"])
    return _ask(request, None, AskForm(initial={"started": started_now()}), mailed=True)


@never_cache
@secret_address("GET", "HEAD", "POST")
def your_data_page(request: HttpRequest, token: str) -> HttpResponseBase:
    """Looking changes nothing and names nobody: programs that open the links of mails learn no address."""
    person = read_page_token(token, site_id=site_of(request).pk)
    response: HttpResponseBase
    if person is None:
        response = render(request, "referral_blocks/your_data/unknown.html", status=404)
    elif request.method != "POST":
        response = _page(request, person)
    elif not _is_own_form(request):
        response = render(request, "referral_blocks/your_data/unknown.html", status=403)
    else:
        response = _act(request, person)
    return _discreet(response)


@never_cache
@secret_address("GET", "HEAD")
def your_data_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file of a person, for whoever was just given its address by the API or the admin."""
    if request.method == "HEAD":
        return HttpResponse()
    person = read_file_token(token, site_id=site_of(request).pk)
    response: HttpResponseBase
    if person is None:
        response = render(request, "referral_blocks/your_data/unknown.html", status=404)
    else:
        try:
            response = file_of(person)
        except TooManyRequests as error:
            response = HttpResponse(str(error), status=429, content_type="text/plain; charset=utf-8")
    return _discreet(response)


def _discreet(response: HttpResponseBase) -> HttpResponseBase:
    """No search engine learns the address either."""
    response["X-Robots-Tag"] = "noindex"
    return response


def file_of(person: Person) -> StreamingHttpResponse:
    """The person's data as a download, made while it is sent. Raises TooManyRequests."""
    check_rate("your_data_file", str(person.pk), limit=FILES)
    name = f"my-data-{timezone.now():%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(write_person(person=person), content_type="application/json", headers=headers)


def signed_in(request: HttpRequest) -> Person | None:
    """The person of this browser's verified session on this site, in whichever programme."""
    site_id = site_of(request).pk
    for value in sessions_of(request.COOKIES).values():
        session = read_session(value)
        if session is not None and session.verified and session.referrer.program.site_id == site_id:
            return session.referrer.person
    return None


def _ask(
    request: HttpRequest, person: Person | None, form: AskForm, *, mailed: bool = False, status: int = 200
) -> HttpResponse:
    context = {"form": form, "person": person, "mailed": mailed}
    response = render(request, "referral_blocks/your_data/ask.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def _is_own_form(request: HttpRequest) -> bool:
    """As on a reward's page: without a referrer, browsers that send no Sec-Fetch-Site name the origin “null”."""
    return is_same_origin(request) or (
        "Sec-Fetch-Site" not in request.headers and request.headers.get("Origin") == "null"
    )


def _act(request: HttpRequest, person: Person) -> HttpResponseBase:
    try:
        check_rate("your_data", ip_hash(request), limit=LIMIT)
        if request.POST.get("do") == "download":
            return file_of(person)
    except TooManyRequests as error:
        return _page(request, person, error=error, status=429)
    if request.POST.get("do") != "erase":
        return _page(request, person, error=_("Press one of the buttons on this page."), status=400)
    if not request.POST.get("sure"):
        return _page(request, person, error=_("Tick that you know that it is for good."), status=422)
    value = open_value(person=person)
    try:
        erase_person(
            person=person, gives_up=bool(request.POST.get("give_up")), no_mail=bool(request.POST.get("no_mail"))
        )
    except DomainError as error:
        return _page(request, person, error=error, status=422)
    response = render(request, "referral_blocks/your_data/erased.html", {"value": value})
    # Somebody else's sign-in in this browser ends with its cookie.
    sign_out_browser(cookies=sessions_of(request.COOKIES).values(), site_id=site_of(request).pk)
    forget_sessions(request, response)
    return response


def _page(request: HttpRequest, person: Person, *, error: object = "", status: int = 200) -> HttpResponse:
    programs = Referrer.objects.filter(person=person).order_by("program__name").values_list("program__name", flat=True)
    friend_of = person.referrals.order_by("program__name").values_list("program__name", flat=True)
    context = {
        "value": open_value(person=person),
        "programs": sorted({*programs, *friend_of}),
        "error": error,
        "typed": request.POST,
    }
    return render(request, "referral_blocks/your_data/page.html", context, status=status)
