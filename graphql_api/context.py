"""Who is calling, from where, and what they show for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import strawberry
from django.http import HttpRequest
from django.utils.translation import gettext as _
from graphql import GraphQLError
from wagtail.models import Site

from referral_blocks.access.answers import Claim, Replay
from referral_blocks.access.models import ApiKey
from referral_blocks.access.services import PREFIX as API_KEY_PREFIX
from referral_blocks.access.services import check_api_key
from referral_blocks.core import ratelimit
from referral_blocks.core.even import even_answer
from referral_blocks.core.ratelimit import Allowance
from referral_blocks.core.visitor import ip_hash
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrers.session import Session, read_session
from referral_blocks.referrers.tokens import read_access_token
from referral_blocks.views.sign_in import session_cookie
from referral_blocks.views.site import site_of

from .errors import ErrorCode, refusal
from .operation import RequestRefused
from .staff import staff_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from .activity.live import Live

RATE = "20/minute"  # per visitor and mutation; an office behind one address may well join together


@dataclass
class Context:
    """One request. ``cookies`` is empty unless the request provably comes from the site's own pages, so that no other
    site can spend a visitor's cookies."""

    request: HttpRequest
    cookies: Mapping[str, str]
    deadline: float = float("inf")  # of the monotonic clock
    allowance: Allowance | None = None  # what is left of what the caller may spend
    is_large: bool = False  # its body is larger than most may send
    cost: int | None = None  # of the operation, once it was measured
    claim: Claim | None = None  # of the caller's Idempotency-Key
    instead: RequestRefused | Replay | None = None  # what to answer in place of running the operation
    live: Live | None = None  # how a stream runs its operation
    strangers: dict[int, Any] = field(default_factory=dict)  # the audiences of public reads, by site
    wholes: dict[tuple[str, ...], dict[Any, Any]] = field(default_factory=dict)  # rows in full, by where they are asked
    signed_out: bool = False  # the answer takes the referrer's cookies away

    @cached_property
    def site(self) -> Site:
        return site_of(self.request)

    @cached_property
    def bearer(self) -> str:
        """The text behind ``Authorization: Bearer``; other schemes may belong to a proxy and are left alone."""
        scheme, _space, text = self.request.headers.get("Authorization", "").partition(" ")
        return text.strip() if scheme.lower() == "bearer" else ""

    @cached_property
    def api_key(self) -> ApiKey | None:
        return check_api_key(text=self.bearer)

    @cached_property
    def staff(self) -> User | None:
        """Who is signed in to Wagtail, where the request is provably theirs; with a bearer token, only that counts."""
        return staff_of(self.request) if self.cookies and not self.bearer else None

    @cached_property
    def sessions(self) -> list[Session]:
        """The referrer's sessions that came with the request, looked up once. Raises GraphQLError for a bearer token
        that does not hold here."""
        return self._bearer_sessions() if self.bearer else self._cookie_sessions()

    def session(self, program_slug: str | None) -> Session | None:
        """The referrer's session in this programme, or the only one there is; None when nobody is signed in.

        Raises GraphQLError for a bearer token that does not hold here, and when several programmes would fit.
        """
        found = self.sessions
        if program_slug is not None:
            found = [session for session in found if session.referrer.program.slug == program_slug]
        if len(found) > 1:
            raise refusal(ErrorCode.BAD_USER_INPUT, _("You are signed in to several programmes. Say which one."))
        return found[0] if found else None

    @cached_property
    def caller(self) -> str:
        """Who calls, for telling callers apart; empty when nobody is signed in or the bearer does not hold. Who only
        typed a referrer's address is nobody: what is kept for the referrer is not for them."""
        if self.api_key is not None:
            return f"key:{self.api_key.pk}"
        try:
            found = [f"referrer:{session.referrer.pk}" for session in self.sessions if session.verified]
        except GraphQLError:
            return ""
        return ",".join([f"staff:{self.staff.pk}", *found] if self.staff is not None else found)

    def check_rate(self, purpose: str) -> None:
        """Count one try of this visitor; raises TooManyRequests."""
        ratelimit.check_rate(purpose, ip_hash(self.request), limit=RATE)

    @contextmanager
    def answered_evenly(self, purpose: str) -> Iterator[None]:
        """Count one try of this visitor, then look up the address that they typed, in a time that tells nothing of it;
        raises TooManyRequests at once."""
        self.check_rate(purpose)
        with even_answer():
            yield

    def _bearer_sessions(self) -> list[Session]:
        if self.bearer.startswith(API_KEY_PREFIX):
            return []
        session = read_access_token(self.bearer, site_id=self.site.pk)
        if session is None:
            raise refusal(ErrorCode.UNAUTHENTICATED, _("You are signed out. Ask for a new sign-in link."))
        return [session]

    def _cookie_sessions(self) -> list[Session]:
        if not self.cookies:
            return []
        programs = Program.objects.filter(site_id=self.site.pk).exclude(status=ProgramStatus.DRAFT)
        found = []
        for program in programs:
            session = read_session(self.cookies.get(session_cookie(program), ""))
            if session is not None and session.referrer.program_id == program.pk:
                found.append(session)
        return found


Info = strawberry.Info[Context, None]
