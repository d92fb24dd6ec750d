"""Who looks at a page and which programme it speaks of: read once a request, and only what a block asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.http import HttpRequest
from wagtail.models import Site

from referral_blocks.analytics.figures import Figures, public_figures
from referral_blocks.analytics.standing import Standing
from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.links.selectors import link_of_session, link_url
from referral_blocks.programs.models import Program, ProgramStatus, TermsVersion
from referral_blocks.programs.selectors import page_url, present_terms
from referral_blocks.referrals.attribution import TOKEN_PARAMETER, link_from_token
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import Session, read_session, session_cookie
from referral_blocks.rewards.models import Reward, RewardRule, Side, Trigger
from referral_blocks.rewards.selectors import active_rules, rewards_of
from referral_blocks.theming.selectors import Look, look_of_site
from referral_blocks.theming.theme import Theme

from .portal import PortalReads

LISTED = 50  # friends and rewards on one page; more than that is read in the mail or asked for
REFERRAL = (Trigger.SIGN_UP, Trigger.SALE)  # what a rule waits for that a referral earns


@dataclass(frozen=True, slots=True)
class Offer:
    """What each side gets, in the words of the reward rules."""

    friend: list[RewardRule] = field(default_factory=list)
    referrer: list[RewardRule] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Invitation:
    """The visit that brought a friend here; ``name`` is empty without the referrer's consent."""

    name: str
    token: str


@dataclass(frozen=True, slots=True)
class Share:
    """What a referrer passes on; ``group`` is the id of the group that the address leads to, if any."""

    code: str
    url: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class RewardLine:
    """A reward in words: ``waits_for`` holds (reason, until when or None)."""

    title: str
    state: str
    state_label: str
    waits_for: list[tuple[str, datetime | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Progress:
    """What only a verified referrer sees."""

    standing: Standing
    rewards: list[RewardLine]
    friends: list[Referral]


class Audience(PortalReads):
    """One visitor of one request. ``asked`` becomes true once an answer may differ between visitors, ``personal`` once
    it holds something of this one: the page's cache headers follow from them."""

    is_sample: ClassVar[bool] = False

    def __init__(self, request: HttpRequest | None) -> None:
        self.request = request
        self.asked = self.personal = False
        self._subject: Program | None = None
        self._anchors: dict[str, int] = {}
        self._firsts: set[str] = set()
        self._kept: dict[tuple[str, object], Any] = {}

    @cached_property
    def site(self) -> Site | None:
        return Site.find_for_request(self.request) if self.request is not None else None

    def about(self, context: Any) -> Audience:
        """Learn from a template's context which page, programme or reward the response is about: the first that is
        told settles how all of it looks."""
        if "look" not in self.__dict__ and self._subject is None:
            page = context.get("page")
            reward_program = getattr(context.get("reward"), "program", None)
            of_page = self.program_for(chosen=None, page=page) if page is not None else None
            self._subject = of_page or context.get("program") or reward_program
        return self

    @cached_property
    def look(self) -> Look:
        if self.site is None:
            return Look()
        return look_of_site(site_id=self.site.pk, theme=getattr(self._subject, "theme", ""))

    @property
    def theme(self) -> Theme | None:
        return self.look.theme

    @property
    def theme_slug(self) -> str:
        return self.look.slug

    @property
    def is_preview(self) -> bool:
        return bool(getattr(self.request, "is_preview", False))

    @property
    def told(self) -> str:
        """What the form that was just sent leads to say: ``joined``, ``thanks``, ``mail-sent`` or nothing."""
        return self.request.GET.get("rb", "") if self.request is not None else ""

    @cached_property
    def programs(self) -> dict[int, Program]:
        """The site's programmes by id, drafts only in a preview; a site has a handful."""
        if self.site is None:
            return {}
        found = Program.objects.filter(site=self.site).select_related("site")
        return {p.pk: p for p in found if self.is_preview or p.status != ProgramStatus.DRAFT}

    def program_for(self, *, chosen: int | None, page: object) -> Program | None:
        """The block's own choice, else the page's, else the site's only live programme."""
        for program_id in (chosen, getattr(page, "program_id", None)):
            if program_id:
                return self.programs.get(program_id)
        live = [p for p in self.programs.values() if p.status == ProgramStatus.LIVE]
        return live[0] if len(live) == 1 else None

    def offer(self, program: Program) -> Offer:
        def read() -> Offer:
            rules = list(active_rules(program_id=program.pk).prefetch_related("conditions"))
            return Offer([r for r in rules if r.side == Side.FRIEND], [r for r in rules if r.side == Side.REFERRER])

        return self.once("offer", program.pk, read)

    def promise(self, program: Program) -> Offer:
        """What a referral earns each side: what groups, leaderboards and points earn has blocks of its own."""
        offer = self.offer(program)
        return Offer(*([r for r in side if r.trigger in REFERRAL] for side in (offer.friend, offer.referrer)))

    def is_draft(self, program: Program) -> bool:
        """Whether visitors see nothing of the programme yet."""
        return program.status == ProgramStatus.DRAFT

    def figures(self, program: Program) -> Figures:
        """What the programme has achieved so far; a few minutes old."""
        return self.once("figures", program.pk, lambda: public_figures(program=program))

    def terms_version(self, program: Program) -> TermsVersion | None:
        """The version with the present text; None until somebody has accepted it."""
        return self.once("terms", program.pk, lambda: present_terms(program=program))

    def customers(self, referrer: Referrer) -> int:
        """How many friends of the referrer are customers now."""
        return int(self.standing(referrer).qualified)

    @property
    def customer(self) -> dict[str, str]:
        """E-mail and name of who has just bought, where the host's view says so in ``request.referral_customer``."""
        given = getattr(self.request, "referral_customer", None) or {}
        known = {name: str(given[name]) for name in ("email", "name") if given.get(name)}
        self.personal = self.personal or bool(known)
        return known

    def page_href(self, program: Program, field: str) -> str:
        """The address of the programme's page, such as ``share_page``, in the active language, or nothing."""
        return str(self.once(field, program.pk, lambda: page_url(getattr(program, field), fallback="")))

    def invitation(self, program: Program) -> Invitation | None:
        """The visit in the address, the form or the cookie, most trusted first; None when none of them holds."""

        def read() -> Invitation | None:
            for token in self._tokens(program):
                self.personal = True
                link = link_from_token(token=token, program=program)
                if link is not None:
                    return Invitation(link.greeting_name, token)
            return None

        self.asked = True
        return self.once("invitation", program.pk, read)

    def _tokens(self, program: Program) -> list[str]:
        if self.request is None:
            return []
        sent = self.request.GET.get(TOKEN_PARAMETER), self.request.POST.get("token")
        return [t for t in (*sent, self.request.COOKIES.get(cookie_name(program))) if t]

    def session(self, program: Program) -> Session | None:
        """The referrer of this programme who uses this browser, if any."""

        def read() -> Session | None:
            cookie = self.request.COOKIES.get(session_cookie(program)) if self.request is not None else None
            if not cookie:
                return None
            self.personal = True
            session = read_session(cookie)
            return session if session and session.referrer.program_id == program.pk else None

        self.asked = True
        return self.once("session", program.pk, read)

    def share(self, session: Session) -> Share | None:
        def read() -> Share | None:
            link = link_of_session(session)
            return Share(link.code, link_url(link)) if link else None

        return self.once("share", session.referrer.pk, read)

    def group_share(self, session: Session, group_id: str) -> Share | None:
        """The same link, as /r/<code>/group/<id>/: it counts as ever, and leads to the group."""
        share = self.share(session)
        return Share(share.code, f"{share.url}group/{group_id}/", group_id) if share else None

    def progress(self, referrer: Referrer) -> Progress:
        def read() -> Progress:
            rewards = rewards_of(person_id=referrer.person_id, program_id=referrer.program_id)[:LISTED]
            friends = Referral.objects.filter(referrer=referrer).select_related("friend")[:LISTED]
            return Progress(self.standing(referrer), [_line(r) for r in rewards], list(friends))

        return self.once("progress", referrer.pk, read)

    def anchor(self, name: str) -> str:
        """An id for one block: the plain name for the first of its kind on the page, so that links can aim at it."""
        self._anchors[name] = count = self._anchors.get(name, 0) + 1
        return name if count == 1 else f"{name}-{count}"

    def is_first(self, name: str) -> bool:
        """Whether nobody on the page has said ``name`` before: for what a page says once."""
        first = name not in self._firsts
        self._firsts.add(name)
        return first

    def once(self, kind: str, key: object, read: Any) -> Any:
        """What ``read()`` gives, asked for once a request."""
        if (kind, key) not in self._kept:
            self._kept[kind, key] = read()
        return self._kept[kind, key]


def _line(reward: Reward) -> RewardLine:
    waits_for = [(str(r.get_reason_display()), r.until) for r in reward.pending_reasons.all()]
    return RewardLine(reward.title, reward.state, str(reward.get_state_display()), waits_for)


def audience_of(request: HttpRequest | None) -> Audience:
    """The request's one Audience."""
    if request is None:
        return Audience(None)
    if not hasattr(request, "referral_audience"):
        request.referral_audience = Audience(request)  # type: ignore[attr-defined]
    return request.referral_audience  # type: ignore[attr-defined,no-any-return]
