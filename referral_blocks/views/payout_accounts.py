"""Where a payment provider sends people back to: after its own pages, or for a new link to them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from referral_blocks.core.errors import DomainError, NotFound
from referral_blocks.core.ratelimit import check_rate
from referral_blocks.core.tokens import make_token, read_token
from referral_blocks.flows.connect_payout_account import connect_payout_account
from referral_blocks.flows.refresh_payout_account import refresh_payout_account
from referral_blocks.payouts.account import AccountStates, PayoutAccount
from referral_blocks.payouts.provider import ProviderUnavailable
from referral_blocks.payouts.selectors import account_of
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.programs.selectors import own_page_url

from .secret_address import secret_address
from .site import site_of

logger = logging.getLogger(__name__)
PURPOSE = "payout_account"
DAY = 24 * 3600
LIMIT = "30/hour"  # a person: each asks the provider


@dataclass(frozen=True, slots=True)
class AccountUrls:
    """Whole addresses for ``connect_payout_account``."""

    return_url: str
    refresh_url: str


def account_urls(*, person: Person, provider: str, program: Program) -> AccountUrls:
    """Where the provider sends this person back to. The token says whose account it is about and which programme's
    page to show, and nothing about what has happened."""
    token = make_token(PURPOSE, [str(person.public_id), provider, program.pk])
    root = program.site.root_url
    return AccountUrls(
        root + reverse("referral_blocks:payout_account_return", args=[token]),
        root + reverse("referral_blocks:payout_account_refresh", args=[token]),
    )


@never_cache
@secret_address("GET", "HEAD")
def come_back(request: HttpRequest, token: str) -> HttpResponse:
    """Reads the account from the provider, and says whether anything is still missing. Nothing is shown that the
    address alone must not show: neither who it is about nor what they are owed."""
    if request.method == "HEAD":
        return HttpResponse()
    try:
        person, provider, program = _read(request, token, max_age=7 * DAY)
        account = account_of(person_id=person.pk, provider=provider)
        if account is not None and account.reference:
            check_rate("payout_account", str(person.pk), limit=LIMIT)
            refresh_payout_account(provider=provider, reference=account.reference)
    except ProviderUnavailable as error:
        logger.warning("A payout account with %s could not be read on return: %s", provider, error)
    except DomainError as error:
        return _failed(request, error)
    context = {
        "ready": _is_ready(account_of(person_id=person.pk, provider=provider)),
        "program": program,
        "own_page_url": own_page_url(program, fallback=site_of(request).root_url + "/"),
    }
    return render(request, "referral_blocks/payout_account_back.html", context)


@never_cache
@secret_address("GET", "HEAD")
def start_again(request: HttpRequest, token: str) -> HttpResponse:
    """Makes a new link where the old one was used up or too old; never for an account that is ready, so that an address
    which has leaked cannot be used to change where somebody is paid to."""
    if request.method == "HEAD":
        return HttpResponse()
    try:
        person, provider, program = _read(request, token, max_age=DAY)
        if _is_ready(account_of(person_id=person.pk, provider=provider)):
            return _to_own_page(request, program)
        check_rate("payout_account", str(person.pk), limit=LIMIT)
        urls = account_urls(person=person, provider=provider, program=program)
        url = connect_payout_account(
            person=person, provider=provider, return_url=urls.return_url, refresh_url=urls.refresh_url
        )
    except DomainError as error:
        return _failed(request, error)
    return HttpResponseRedirect(url)


def _read(request: HttpRequest, token: str, *, max_age: int) -> tuple[Person, str, Program]:
    match read_token(PURPOSE, token, max_age=max_age):
        case [str(public_id), str(provider), int(program_id)]:
            person = Person.objects.filter(public_id=UUID(public_id)).first()
            program = Program.objects.filter(pk=program_id, site=site_of(request)).first()
            if person is not None and program is not None:
                return person, provider, program
    raise NotFound(_("This link is too old. Open your page and start again from there."))


def _is_ready(account: PayoutAccount | None) -> bool:
    return account is not None and account.state == AccountStates.READY


def _to_own_page(request: HttpRequest, program: Program) -> HttpResponse:
    return HttpResponseRedirect(own_page_url(program, fallback=site_of(request).root_url + "/"))


def _failed(request: HttpRequest, error: DomainError) -> HttpResponse:
    return render(request, "referral_blocks/payout_account_failed.html", {"error": error}, status=400)
