"""The page of one reward, for its owner: what it waits for, and the button for what they have to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from babel import Locale
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from referral_blocks.core.errors import DomainError, NotPossibleNow
from referral_blocks.core.ratelimit import TooManyRequests, check_rate
from referral_blocks.core.visitor import ip_hash
from referral_blocks.emails.compose import CODE_READY, GIFT_CARD_READY, PAYOUT_DETAILS, REWARD_TO_CLAIM
from referral_blocks.flows.claim_reward import claim_reward
from referral_blocks.flows.connect_payout_account import connect_payout_account
from referral_blocks.flows.pay_reward import waits_for_claim
from referral_blocks.flows.show_gift_card import gift_card_of, show_gift_card
from referral_blocks.flows.tell_owner import mail_new_link
from referral_blocks.payouts.selectors import recipient
from referral_blocks.rewards.models import Reason, Reward, RewardState
from referral_blocks.rewards.page import read_reward_token
from referral_blocks.rewards.selectors import coupon_of

from .origin import is_same_origin
from .payout_accounts import account_urls
from .secret_address import secret_address
from .site import site_of

LIMIT = "30/minute"


@dataclass(frozen=True, slots=True)
class Step:
    """What the owner can do now: the form's value, the button's words, and the mail that leads here."""

    name: str
    words: str | Promise
    mail: str


DETAILS = Step("details", _("Tell us where to send it"), PAYOUT_DETAILS)
CLAIM = Step("claim", _("Claim it"), REWARD_TO_CLAIM)
SHOW_CARD = Step("show", _("Show my gift card"), GIFT_CARD_READY)
SHOW_CODE = Step("show", _("Show my code"), CODE_READY)


@never_cache
@secret_address("GET", "HEAD", "POST")
@sensitive_variables()
def reward(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing and reveals nothing: programs that open the links of mails learn no secret. A button,
    pressed on this page, does."""
    found = read_reward_token(token)
    if found is None or found.reward.program.site_id != site_of(request).pk:
        response = render(request, "referral_blocks/rewards/unknown.html", status=404)
    elif request.method != "POST":
        response = _page(request, found.reward, is_fresh=found.is_fresh, status=200 if found.is_fresh else 410)
    elif not _is_own_form(request):
        response = render(request, "referral_blocks/rewards/unknown.html", status=403)
    elif found.is_fresh:
        response = _act(request, found.reward)
    else:
        response = _mail(request, found.reward)
    return response


def _is_own_form(request: HttpRequest) -> bool:
    """This page tells nobody where it is, so that browsers that send no Sec-Fetch-Site name its origin “null”. Who
    posts here without the token cannot, and has it from nowhere else."""
    return is_same_origin(request) or (
        "Sec-Fetch-Site" not in request.headers and request.headers.get("Origin") == "null"
    )


@sensitive_variables()
def _act(request: HttpRequest, reward: Reward) -> HttpResponse:
    does: dict[str, Callable[[HttpRequest, Reward], HttpResponse]] = {
        "details": _connect,
        "claim": _claim,
        "show": _show,
    }
    act = does.get(request.POST.get("do", ""))
    if act is None:
        return _page(request, reward, error=_("Press one of the buttons on this page."), status=400)
    try:
        check_rate("reward", ip_hash(request), limit=LIMIT)
        return act(request, reward)
    except TooManyRequests as error:
        return _page(request, reward, error=str(error), status=429)
    except DomainError as error:
        return _page(request, reward, error=str(error), status=422)


def _connect(request: HttpRequest, reward: Reward) -> HttpResponse:
    """Leads to the provider by a link on a page: a form may not redirect to another site (CSP form-action). Only while
    we ask for it, so that a mail of long ago cannot be used to change where its owner is paid to."""
    if _step(reward) is not DETAILS:
        raise NotPossibleNow(_("We know where to send it, or do not have to."))
    urls = account_urls(person=reward.person, provider=reward.method, program=reward.program)
    url = connect_payout_account(
        person=reward.person,
        provider=reward.method,
        return_url=urls.return_url,
        refresh_url=urls.refresh_url,
        country=request.POST.get("country", ""),
    )
    return render(request, "referral_blocks/rewards/leave.html", {"reward": reward, "url": url})


def _claim(request: HttpRequest, reward: Reward) -> HttpResponse:
    claim_reward(reward=reward, person=reward.person)
    return HttpResponseRedirect(request.path)


@sensitive_variables()
def _show(request: HttpRequest, reward: Reward) -> HttpResponse:
    code = coupon_of(reward=reward)
    if code is not None:
        context = {"reward": reward, "code": code}
    else:
        link = show_gift_card(reward=reward, person=reward.person)
        context = {
            "reward": reward,
            "link": link,
            "expires_at": getattr(gift_card_of(reward=reward), "expires_at", None),
        }
    return render(request, "referral_blocks/rewards/shown.html", context)


def _mail(request: HttpRequest, reward: Reward) -> HttpResponse:
    """A new link, to the mailbox that this one was sent to."""
    try:
        check_rate("reward", ip_hash(request), limit=LIMIT)
    except TooManyRequests as error:
        return _page(request, reward, is_fresh=False, error=str(error), status=429)
    step = _step(reward)
    if step is not None and step.mail:
        mail_new_link(reward=reward, kind=step.mail)
    return _page(request, reward, is_fresh=False, mailed=True)


def _page(
    request: HttpRequest,
    reward: Reward,
    *,
    is_fresh: bool = True,
    error: str | Promise = "",
    mailed: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The reward’s page; one that is too old says nothing of the reward."""
    step = _step(reward)
    context = {
        "reward": reward, "step": step, "error": error, "mailed": mailed,
        "can_mail": step is not None and bool(step.mail), "reasons": _reasons(reward),
        "countries": _countries(reward) if step is DETAILS else (),
    }  # fmt: skip
    name = "reward" if is_fresh else "too_old"
    return render(request, f"referral_blocks/rewards/{name}.html", context, status=status)


def _reasons(reward: Reward) -> list[tuple[str, object]]:
    """What it waits for, in words, each with the date until which it does, if there is one."""
    if reward.state != RewardState.PENDING:
        return []
    return [(row.get_reason_display(), row.until) for row in reward.pending_reasons.all()]


def _countries(reward: Reward) -> list[tuple[str, str]]:
    """All countries by name, where we have to ask for the owner's; none where we know it."""
    if recipient(person=reward.person, provider=reward.method).country:
        return []
    names = Locale.parse(to_locale(get_language() or "en")).territories
    return sorted(((c, n) for c, n in names.items() if len(c) == 2 and c.isalpha() and c != "ZZ"), key=lambda c: c[1])


def _step(reward: Reward) -> Step | None:
    """What the owner has to do, or may do, now."""
    if reward.state == RewardState.PENDING:
        waits = reward.pending_reasons.filter(reason=Reason.PAYOUT_DETAILS).exists()
        return DETAILS if waits else None
    if reward.state == RewardState.APPROVED:
        return CLAIM if waits_for_claim(reward=reward) else None
    if coupon_of(reward=reward) is not None:
        return SHOW_CODE
    return SHOW_CARD if gift_card_of(reward=reward) is not None else None
