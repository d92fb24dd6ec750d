"""The starter and the programme's form as an owner sees them: readable by everybody, day and night, on a phone."""

import os
import re
from pathlib import Path

import pytest
from wagtail.models import Site

from cms.pages.models import LandingPage
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule
from tests.browser import chromium
from tests.looks.axe import violations

pytestmark = pytest.mark.django_db(transaction=True)
# Wagtail’s own map of the form has a button that is small on a phone.
OURS = {"include": [["main"]], "exclude": [["#w-minimap-toggle"]]}
SHOTS = os.environ.get("STARTER_SHOTS")  # a folder, for whoever wants to look


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser, live_server, admin_client):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port), site_name="Bright Windows")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", locale="en-GB")
    context.add_cookies(
        [{"name": "sessionid", "value": admin_client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page = context.new_page()
    page.problems = []
    page.on("console", lambda m: page.problems.append(m.text) if "Content Security Policy" in m.text else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    yield page
    context.close()


def shot(page, name):
    if SHOTS:
        before = page.viewport_size
        page.set_viewport_size({**before, "height": 3200})  # the admin scrolls within itself
        page.wait_for_timeout(200)
        page.screenshot(path=Path(SHOTS) / f"{name}.png")
        page.set_viewport_size(before)


def looked_at(page, name):
    """No violation and no sideways scrolling, on a wide screen and on a phone, by day and by night."""
    bad = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # Wagtail's own choice of each user; a class on the page.
        page.evaluate(
            "scheme => { const c = document.documentElement.classList; c.toggle('w-theme-dark', scheme === 'dark'); "
            "c.toggle('w-theme-light', scheme === 'light'); }",
            scheme,
        )
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(250)
            shot(page, f"{name}-{scheme}-{width}")
            bad += [(name, scheme, width, *found) for found in violations(page, context=OURS)]
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1280, "height": 900})
    assert bad == []
    assert page.problems == []


def test_an_owner_starts_a_programme_and_sees_what_is_left_to_do(page, live_server):
    page.goto(f"{live_server.url}/admin/referrals/programmes/")
    page.get_by_role("link", name="New referral programme").click()
    page.wait_for_load_state("networkidle")
    looked_at(page, "index")
    page.get_by_role("link", name="Gift cards for both").click()
    page.wait_for_load_state("networkidle")
    looked_at(page, "form")
    page.get_by_label("Name of the programme").fill("Bring a neighbour")
    page.get_by_label("Currency").select_option("GBP")
    page.get_by_label("Your new customer gets a gift card of").fill("10")
    page.get_by_label("The one who recommends you gets a gift card of").fill("0")
    page.get_by_role("radio", name="Street").check()
    page.get_by_role("button", name="Make programme and pages").click()
    page.wait_for_load_state("networkidle")
    assert page.get_by_text("The amount has to be more than zero.").is_visible()
    looked_at(page, "errors")
    assert not Program.objects.exists()
    page.get_by_label("The one who recommends you gets a gift card of").fill("20")
    page.get_by_role("button", name="Make programme and pages").click()
    page.wait_for_url("**/admin/pages/*/edit/")
    program, landing = Program.objects.get(), LandingPage.objects.get()
    assert (page.url.split("/")[-3], program.theme, landing.live) == (str(landing.pk), "street", False)
    assert page.get_by_text("is ready as a draft").is_visible()
    shot(page, "landing-editor")
    page.goto(f"{live_server.url}/admin/referrals/programmes/edit/{program.pk}/")
    page.wait_for_load_state("networkidle")
    todo = page.get_by_role("region", name="What is left to do")
    assert todo.get_by_role("listitem").count() == 7
    assert todo.get_by_text("To do", exact=True).count() == 6
    looked_at(page, "program")


def test_a_rules_form_asks_for_what_its_trigger_needs(page, live_server):
    page.goto(f"{live_server.url}/admin/referrals/programmes/add/")
    page.wait_for_load_state("networkidle")
    rule = page.locator("#inline_child_reward_rules-0")
    shown = lambda label: rule.get_by_label(label, exact=True).is_visible()  # noqa: E731
    assert [shown("From friend"), shown("From sale"), shown("Price in points"), shown("Percentage")] == [
        True, True, False, False,
    ]  # fmt: skip
    rule.get_by_label("Earned when").select_option("points")
    assert [shown("From friend"), shown("From sale"), shown("Price in points")] == [False, False, True]
    looked_at(page, "rule")
    page.locator("#id_name").fill("Club")
    page.locator("#id_slug").fill("club")
    page.get_by_label("Currency").select_option("GBP")
    rule.locator("[name$='-title']").fill("£25 voucher")
    rule.locator("[name$='-value']").fill("25")
    rule.get_by_label("Price in points", exact=True).fill("300")
    page.locator("#inline_child_reward_rules-1").get_by_role("button", name="Delete").click()
    page.locator("button[type=submit]").filter(has_text="Save").first.click()
    page.wait_for_url("**/admin/referrals/programmes/")
    assert list(RewardRule.objects.values_list("title", "trigger", "points_price", "friend_to", "sale_to")) == [
        ("£25 voucher", "points", 300, None, 1)
    ]
