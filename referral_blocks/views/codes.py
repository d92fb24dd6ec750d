"""A friend types a code: it tells no more than the link with that code would, and leads on as that link does."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from referral_blocks.blocks.form_base import ReferralForm
from referral_blocks.blocks.forms import CodeForm
from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.visitor import ip_hash
from referral_blocks.flows.join_program import require_open
from referral_blocks.flows.record_visit import cookie_name, record_visit
from referral_blocks.links.selectors import CodeStatus, validate_code
from referral_blocks.programs.models import Program, Touch
from referral_blocks.referrals.attribution import TOKEN_PARAMETER, link_from_token

from .forms import page_on_host, receive
from .origin import require_same_origin
from .visits import keep_token


@csrf_exempt
@require_POST
@require_same_origin
def enter_code(request: HttpRequest) -> HttpResponse:
    """Leads to the landing page with the code's token in the address and the cookie. A code that is unknown, expired or
    of another programme is refused in the same words."""

    def write(program: Program, form: ReferralForm) -> str:
        require_open(program)
        code = form.cleaned_data["code"]
        if validate_code(program=program, code=code).status != CodeStatus.OK:
            raise InvalidInput(
                _("We do not know this code. Check it for typing errors."), code="unknown_code", path=("code",)
            )
        # Without the cookies: who types a code means this one, whatever was opened first.
        return record_visit(code=code, site_id=program.site_id, ip_hash=ip_hash(request)).token

    def answer(program: Program, form: ReferralForm, token: str | None) -> HttpResponse:
        query = "?" + urlencode({TOKEN_PARAMETER: token}) if token else ""
        response = HttpResponseRedirect(page_on_host(program, "landing_page", form) + query + "#friend-form")
        if token and not _has_first_touch(request, program):
            keep_token(request, response, token, cookie=cookie_name(program), days=program.visit_window_days)
        return response

    return receive(request, CodeForm, write, answer)


def _has_first_touch(request: HttpRequest, program: Program) -> bool:
    """Whether an earlier link keeps the cookie."""
    earlier = request.COOKIES.get(cookie_name(program), "")
    return bool(program.attribution == Touch.FIRST and earlier and link_from_token(token=earlier, program=program))
