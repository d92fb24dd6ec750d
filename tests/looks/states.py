"""The pages of a site in the states in which people meet them, for everything that has to hold on all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from playwright.sync_api import Page
from wagtail.models import Site

from referral_blocks.people.data_page import page_url
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.rewards.models import Reward, RewardRule, Side
from referral_blocks.rewards.page import reward_url
from tests.make import make_program
from tests.make_pages import make_landing_page, make_portal_page, make_share_page, make_terms_page
from tests.referral_blocks.blocks.test_portal_blocks import NAMES, with_history

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class State:
    """An address, who opens it, and what they do there."""

    name: str
    path: str
    signed_in: bool = False
    act: Callable[[Page], None] | None = None


@dataclass(frozen=True, slots=True)
class World:
    """A small site on a live server, with a referrer whose friends are customers."""

    url: str
    referrer: Referrer
    states: list[State]

    @property
    def cookie(self) -> dict[str, str]:
        """What the referrer's browser sends."""
        name, value = session_cookie(self.referrer.program), make_session(self.referrer, verified=True)
        return {"name": name, "value": value, "url": self.url}

    def visit(self, page: Page, state: State) -> None:
        """Open the page, get it into its state, and wait until it rests."""
        page.context.clear_cookies()
        if state.signed_in:
            page.context.add_cookies([self.cookie])
        page.goto(self.url + state.path)
        if state.act:
            state.act(page)
        page.wait_for_load_state("load")
        page.evaluate("document.fonts.ready.then(() => true)")


def make_world(url: str) -> World:
    """The site's pages in the database, and their states."""
    host, port = re.match(r"http://([^:]+):(\d+)", url).groups()  # type: ignore[union-attr]
    Site.objects.update(hostname=host, port=int(port), site_name="Bright Windows")
    referrer = with_history(4)
    program = referrer.program
    RewardRule.objects.create(program=program, side=Side.FRIEND, title="£10 off the first clean", amount_minor=1000)
    make_landing_page(program, search_description="Two neighbours, two rewards.")
    make_share_page(program)
    make_portal_page(program, body=[(name, {}) for name in ["hero", *NAMES]])
    make_terms_page(program)
    _closed_programme()
    link = referrer.links.first()
    reward = Reward.objects.filter(person=referrer.person).first()
    assert reward is not None
    data_page = page_url(person=referrer.person, site=program.site)
    return World(
        url,
        referrer,
        [
            State("landing", f"/r/{link.code}/"),
            State("landing-errors", "/landing/", act=send_nothing),
            State("landing-thanks", f"/r/{link.code}/", act=claim_offer),
            State("join", "/share/"),
            State("join-errors", "/share/", act=send_nothing),
            State("share", "/share/?rb=joined", signed_in=True),
            State("portal", "/portal/", signed_in=True),
            State("portal-stranger", "/portal/"),
            State("closed", "/closed/"),
            State("closed-share", "/closed-share/"),
            State("reward", reward_url(reward).removeprefix(url)),
            State("reward-unknown", "/referrals/reward/nonsense/"),
            State("your-data", "/referrals/your-data/"),
            State("your-data-signed-in", "/referrals/your-data/", signed_in=True),
            State("your-data-page", data_page.removeprefix(url)),
            State("your-data-unknown", "/referrals/your-data/nonsense/"),
            State("sign-in-failed", "/referrals/sign-in/nonsense/"),
            State("terms", "/terms/"),
            State("terms-version", f"/referrals/terms/{program.slug}/1/"),
            State("not-found", "/nothing-here/"),
        ],
    )


def _closed_programme() -> Program:
    program = make_program(name="Last summer", slug="summer", status=ProgramStatus.ENDED)
    make_landing_page(program, slug="closed")
    make_share_page(program, slug="closed-share")
    return program


def send_nothing(page: Page) -> None:
    """Press the button of the empty form, past the browser's own check."""
    page.wait_for_timeout(800)  # a form that comes back sooner is taken for a robot's
    page.eval_on_selector(
        "#friend-form form, #join-form form", "form => { form.noValidate = true; form.requestSubmit() }"
    )
    page.locator(".rb-errors").first.wait_for()


def claim_offer(page: Page) -> None:
    form = page.locator("#friend-form")
    form.get_by_label("Name", exact=True).fill("Kim Example")
    form.get_by_label("E-mail").fill(f"kim-{next(_numbers)}@example.com")
    form.get_by_label("I accept the terms").check()
    page.wait_for_timeout(800)
    form.get_by_role("button", name="Claim my offer").click()
    page.get_by_text("Thank you").first.wait_for()


def calm(scheme: str, width: int, **more: Any) -> dict[str, Any]:
    """Options for a browser context in which pictures come out the same every time."""
    return {
        "viewport": {"width": width, "height": 844},
        "color_scheme": scheme,
        "reduced_motion": "reduce",
        "locale": "en-GB",
        **more,
    }
