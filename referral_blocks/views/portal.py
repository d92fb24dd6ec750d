"""Receives the portal's forms: groups, points and consents; and /r/<code>/group/<id>/, the link of a group."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from referral_blocks.blocks.form_base import ReferralForm
from referral_blocks.blocks.portal import GROUP_PARAMETER
from referral_blocks.blocks.portal_forms import ExchangeForm, JoinGroupForm, OpenGroupForm, SettingsForm
from referral_blocks.core.errors import NotAllowed, NotFound
from referral_blocks.flows.change_consents import change_consents
from referral_blocks.flows.exchange_points import Exchanged, exchange_points
from referral_blocks.flows.join_group import join_group_by_email
from referral_blocks.flows.open_group import open_group
from referral_blocks.groups.models import Group, GroupOffer
from referral_blocks.groups.selectors import group_by_public_id
from referral_blocks.programs.models import Program
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import read_session, session_cookie
from referral_blocks.rewards.models import RewardRule

from .form_page import back_to_page
from .forms import known_locale, receive
from .origin import require_same_origin
from .visits import visit


@require_safe
def group_link(request: HttpRequest, code: str, group_id: uuid.UUID) -> HttpResponse:
    """A visit through the opener's code, as ever, whose landing page then shows the group."""
    response = visit(request, code)
    location = response.headers.get("Location", "")
    separator = "&" if "?" in location else "?"
    response["Location"] = f"{location}{separator}{urlencode({GROUP_PARAMETER: group_id})}#group-deal"
    return response


@csrf_exempt
@require_POST
@require_same_origin
def open_a_group(request: HttpRequest) -> HttpResponse:
    """A verified referrer opens a group, and is led back to its card."""

    def write(program: Program, form: ReferralForm) -> Group:
        offer = GroupOffer.objects.filter(pk=form.cleaned_data["offer"], program=program).first()
        if offer is None:
            raise NotFound(_("There is no such offer in this programme."), path=("offer",))
        return open_group(referrer=_verified(request, program), offer=offer)

    def answer(program: Program, form: ReferralForm, written: Group | None) -> HttpResponse:
        return back_to_page(request, form, told="group-opened", anchor="group-deal")

    return receive(request, OpenGroupForm, write, answer)


@csrf_exempt
@require_POST
@require_same_origin
def join_a_group(request: HttpRequest) -> HttpResponse:
    """A friend asks for a place. Whoever asks is told the same: anything else would tell who is a customer already."""

    def write(program: Program, form: ReferralForm) -> None:
        data = form.cleaned_data
        join_group_by_email(
            group=group_by_public_id(program=program, public_id=str(data["group"])),
            email=data["email"],
            name=data["name"],
            phone=data["phone"],
            accept_terms=bool(data.get("accept_terms")),
            locale=known_locale(data["locale"]),
        )

    def answer(program: Program, form: ReferralForm, written: None) -> HttpResponse:
        return back_to_page(request, form, told="group-asked", anchor="group-deal")

    return receive(request, JoinGroupForm, write, answer)


@csrf_exempt
@require_POST
@require_same_origin
def exchange(request: HttpRequest) -> HttpResponse:
    """A verified referrer exchanges points; the same form sent twice does it once."""

    def write(program: Program, form: ReferralForm) -> Exchanged:
        data = form.cleaned_data
        offer = RewardRule.objects.filter(pk=data["offer"], program=program).first()
        if offer is None:
            raise NotFound(_("There is no such offer in this programme."), path=("offer",))
        return exchange_points(referrer=_verified(request, program), rule=offer, exchange_id=data["exchange"].hex)

    def answer(program: Program, form: ReferralForm, written: Exchanged | None) -> HttpResponse:
        return back_to_page(request, form, told="exchanged", anchor="points")

    return receive(request, ExchangeForm, write, answer)


@csrf_exempt
@require_POST
@require_same_origin
def settings(request: HttpRequest) -> HttpResponse:
    """A verified referrer changes their consents."""

    def write(program: Program, form: ReferralForm) -> None:
        change_consents(
            referrer=_verified(request, program),
            greeting=form.cleaned_data["greeting_consent"],
            leaderboard=form.cleaned_data["leaderboard_consent"],
        )

    def answer(program: Program, form: ReferralForm, written: None) -> HttpResponse:
        return back_to_page(request, form, told="saved", anchor="my-settings")

    return receive(request, SettingsForm, write, answer)


def _verified(request: HttpRequest, program: Program) -> Referrer:
    """The referrer who uses this browser; raises NotAllowed for somebody who has not proved to be one."""
    session = read_session(request.COOKIES.get(session_cookie(program), ""))
    if session is None or not session.verified or session.referrer.program_id != program.pk:
        raise NotAllowed(_("Open the sign-in link in our e-mail first, or ask for a new one."))
    return session.referrer
