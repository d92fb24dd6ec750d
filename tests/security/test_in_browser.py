"""The main pages with hostile text in a real browser, without the policy that would hide a hole: nothing runs."""

import re

import pytest
from django.urls import reverse
from wagtail.models import Site

from cms.pages.models import LandingPage
from referral_blocks.blocks.portal import GROUP_PARAMETER
from referral_blocks.groups.models import Group
from referral_blocks.referrals.attribution import visit_token
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.rewards.models import Reward
from referral_blocks.rewards.page import reward_url
from tests.browser import chromium
from tests.make_pages import use_theme
from tests.security import payloads
from tests.security.world import make_site_pages, make_world, plant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.mark.parametrize("theme", ["", "paper"])
def test_nothing_runs(live_server, client, theme):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port))
    referrer = make_world()
    make_site_pages(referrer, payloads.MARKUP)
    plant(payloads.MARKUP)
    use_theme(theme)
    referrer.refresh_from_db()
    program, link = referrer.program, referrer.links.first()
    token = visit_token(code=link.code, program_id=program.pk, visit=None)
    reward = Reward.objects.filter(person=referrer.person).first()
    group = Group.objects.first().public_id
    mine = {"name": session_cookie(program), "value": make_session(referrer, verified=True), "url": live_server.url}
    pages = [
        ("/landing/", []), (f"/landing/?rt={token}&{GROUP_PARAMETER}={group}", []), ("/share/?rb=joined", [mine]),
        (reward_url(reward).removeprefix(live_server.url), [mine]),
        (f"/referrals/terms/{program.slug}/1/", []),
    ]  # fmt: skip
    ran = []
    with chromium() as browser:
        context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
        context.expose_function("__xss", lambda *_args: ran.append("called"))
        context.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
        page = context.new_page()
        page.set_content("<img src=x onerror=__xss()>")
        page.wait_for_timeout(300)
        assert ran == ["called"], "the trap does not work"
        ran.clear()
        for path, cookies in pages:
            context.clear_cookies()
            context.add_cookies(cookies)
            _look(page, live_server.url + path, ran)
        if not theme:
            client.login(username="boss", password="secret")
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
            for address in _admin_pages(referrer):
                _look(page, live_server.url + address, ran)


def _look(page, url, ran):
    """Open the page, press what can be pressed, and let its scripts work."""
    response = page.goto(url)
    assert response.status == 200, url
    assert "xss" in page.content()
    for summary in page.locator("main summary:visible").all()[:5]:
        summary.click()
    page.mouse.move(200, 200)
    page.wait_for_timeout(150)
    assert page.locator("xss-probe, [xss-probe], [xss-p]").count() == 0, url
    assert ran == [], url


def _admin_pages(referrer):
    names = ["referrers", "friends", "sales", "rewards", "payouts", "review_desk", "claim_desk", "reward_desk"]
    return [
        *(reverse(f"referral_{name}:index") for name in names),
        reverse("referral_reports:funnel"),
        reverse("referral_referrers:inspect", args=[referrer.pk]),
        reverse("referral_programs:edit", args=[referrer.program_id]),
        reverse("wagtailadmin_pages:edit", args=[LandingPage.objects.get().pk]),
    ]
