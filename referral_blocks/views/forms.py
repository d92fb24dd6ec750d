"""Receives the public forms of the blocks: writes through a flow, or shows the page again with what was typed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import check_for_language, override
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from referral_blocks.blocks.form_base import ReferralForm, TermsForm
from referral_blocks.blocks.forms import FriendForm, JoinForm, ReferByNameForm, SignInForm
from referral_blocks.core.errors import DomainError
from referral_blocks.core.even import even_answer
from referral_blocks.core.ratelimit import TooManyRequests, check_rate
from referral_blocks.core.visitor import ip_hash
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.join_program import Joined, join_program
from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.flows.refer_by_name import refer_by_name
from referral_blocks.flows.request_login_link import request_login_link
from referral_blocks.programs.models import Program
from referral_blocks.programs.selectors import page_url, program_by_slug
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, read_session, session_cookie

from .form_page import back_to_page, page_of, show_again
from .origin import require_same_origin
from .sign_in import set_session
from .site import site_of

Done = Callable[[HttpResponse], HttpResponse]
LIMIT = "10/minute"


@csrf_exempt
@require_POST
@require_same_origin
def join(request: HttpRequest) -> HttpResponse:
    """A customer joins and is led to the share page with their link, known here before or not."""

    def write(program: Program, form: ReferralForm) -> Joined:
        data = form.cleaned_data
        return join_program(
            program=program,
            email=data["email"],
            name=data["name"],
            accept_terms=bool(data.get("accept_terms")),
            greeting_consent=data["greeting_consent"],
            locale=known_locale(data["locale"]),
        )

    def answer(program: Program, form: ReferralForm, joined: Joined | None) -> HttpResponse:
        response = HttpResponseRedirect(page_on_host(program, "share_page", form) + "?rb=joined#share-panel")
        if joined is not None and not _is_signed_in(request, program, joined.referrer):
            session = make_session(joined.referrer, verified=False, code=joined.link.code)
            set_session(request, response, program, session)
        return response

    return receive(request, JoinForm, write, answer)


@csrf_exempt
@require_POST
@require_same_origin
def friend(request: HttpRequest) -> HttpResponse:
    """An invited friend leaves their details and is thanked on the same page."""

    def write(program: Program, form: FriendForm) -> None:
        data = form.cleaned_data
        capture_referral(
            program=program,
            email=data["email"],
            name=data["name"],
            phone=form.phone,
            answers=form.answers,
            accept_terms=bool(data.get("accept_terms")),
            code=data["code"],
            token=data["token"],
            cookie=request.COOKIES.get(cookie_name(program), ""),
            locale=known_locale(data["locale"]),
            ip_hash=ip_hash(request),
        )

    def answer(program: Program, form: ReferralForm, written: None) -> HttpResponse:
        return back_to_page(request, form, told="thanks", anchor="friend-form")

    return receive(request, FriendForm, write, answer)


@csrf_exempt
@require_POST
@require_same_origin
def name_referrer(request: HttpRequest) -> HttpResponse:
    """A friend without a link says who told them; the answer is the same whoever is named."""

    def write(program: Program, form: ReferralForm) -> None:
        data = form.cleaned_data
        refer_by_name(
            program=program,
            email=data["email"],
            name=data["name"],
            referrer_name=data["referrer_name"],
            accept_terms=bool(data.get("accept_terms")),
            locale=known_locale(data["locale"]),
            ip_hash=ip_hash(request),
        )

    def answer(program: Program, form: ReferralForm, written: None) -> HttpResponse:
        return back_to_page(request, form, told="named", anchor="refer-by-name")

    return receive(request, ReferByNameForm, write, answer)


@csrf_exempt
@require_POST
@require_same_origin
def sign_in_request(request: HttpRequest) -> HttpResponse:
    """A referrer asks for a sign-in link; the answer is the same for an address that nobody knows."""

    def write(program: Program, form: ReferralForm) -> None:
        request_login_link(program=program, email=form.cleaned_data["email"])

    def answer(program: Program, form: ReferralForm, written: None) -> HttpResponse:
        return back_to_page(request, form, told="mail-sent", anchor="standing")

    return receive(request, SignInForm, write, answer)


def receive(request: HttpRequest, kind: type[ReferralForm], write: Callable, answer: Callable) -> HttpResponse:
    """Check, ``write(program, form)``, then ``answer(program, form, written)``.

    A robot that fell into the trap gets the answer of a success, and nothing is written.
    """
    form = kind(request.POST)
    try:
        slug = request.POST.get("program", "")
        program = program_by_slug(site_id=site_of(request).pk, slug=slug)
    except DomainError as error:
        form.is_valid()
        form.add_error(None, str(error))
        return show_again(request, form, None, status=422)
    form.for_program(program)
    if form.is_trap_sprung:
        return answer(program, form, None)
    try:
        check_rate("form", ip_hash(request), limit=LIMIT)
        if form.is_too_quick:
            form.renew()
            form.add_error(None, _("That was very quick. Check your details, then press the button once more."))
        if form.is_valid():
            # A form with terms makes a person of the address that was typed, or finds them.
            with even_answer() if isinstance(form, TermsForm) else nullcontext():
                return answer(program, form, write(program, form))
    except TooManyRequests as error:
        form.refuse(error)
        return show_again(request, form, program, status=429)
    except DomainError as error:
        form.refuse(error)
    return show_again(request, form, program, status=422)


def known_locale(language: str) -> str:
    """The form's language, or nothing for one that the site does not speak."""
    return language if language and check_for_language(language) else ""


def _is_signed_in(request: HttpRequest, program: Program, referrer: Referrer) -> bool:
    """Whether this browser has proved that it is the referrer's: a new join must not take that away."""
    session = read_session(request.COOKIES.get(session_cookie(program), ""))
    return session is not None and session.verified and session.referrer.pk == referrer.pk


def page_on_host(program: Program, field: str, form: ReferralForm) -> str:
    """The programme's page on the host that the visitor uses, in the form's language; else the page of the form."""
    root = program.site.root_url
    with override(known_locale(form.data.get("locale", "")) or None):
        url = page_url(getattr(program, field), fallback=page_of(form) or "/")
    return url.removeprefix(root) or "/"
