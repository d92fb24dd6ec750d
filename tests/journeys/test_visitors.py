"""Visitors of published pages: on a phone with and without scripts, by keyboard alone, and from right to left."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from wagtail.models import Site

from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from tests.bodies import landing_body
from tests.browser import chromium
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page, make_share_page, use_theme

from .steps import PHONE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
SHOTS = os.environ.get("JOURNEY_SHOTS")  # a folder, for whoever wants to look
FOCUS = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  const name = at.labels?.[0]?.innerText || at.getAttribute("aria-label") || at.innerText || at.value || "";
  const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return { style: style.outline, name: name.trim(), shown: marked || at === document.body };
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def site(live_server):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port), site_name="Bright Windows")
    return Site.objects.get()


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("scripts", [False, True], ids=["without_scripts", "with_scripts"])
def test_a_friend_leaves_details_on_a_phone(browser, site, scripts):
    """An address that cannot be one comes back with its reason, and everything else as it was typed."""
    program = make_program()
    make_landing_page(program)
    use_theme("street")
    link = make_link(program, name="Ana Example")
    context = browser.new_context(viewport=PHONE, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{site.root_url}/r/{link.code}/")
    expect(page.get_by_text("Ana invited you")).to_be_visible()
    page.get_by_role("link", name="Claim my offer").first.click()
    page.wait_for_timeout(1600)  # nobody fills a form faster, and the form says so
    page.get_by_label("Name").first.fill("Kim Example")
    page.get_by_label("E-mail").first.fill("kim@example")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Claim my offer").click()
    expect(page.get_by_label("E-mail").first).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name").first).to_have_value("Kim Example")
    assert not Referral.objects.exists()
    shot(page, f"refused-{scripts}")
    page.get_by_label("E-mail").first.fill("kim@example.com")
    page.get_by_role("button", name="Claim my offer").dblclick()
    expect(page.get_by_text("Thank you")).to_be_visible()
    shot(page, f"thanks-{scripts}")
    context.close()
    assert list(Referral.objects.values_list("friend__email", "referrer")) == [("kim@example.com", link.referrer_id)]


def tab_to(page: Page, name: str) -> None:
    """Press Tab until ``name`` has the focus; on the way, wherever the focus is can be seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if not focus["shown"]:
            page.wait_for_timeout(300)  # the window may learn of its focus after the element does
            focus = page.evaluate(FOCUS)
        assert focus["shown"], f"nobody sees where the focus is: {focus}"
        if re.match(name, focus["name"]):
            return
    raise AssertionError(f"Tab does not lead to {name!r}")


def test_a_customer_joins_by_keyboard_alone(browser, site):
    program = make_program()
    make_share_page(program)
    use_theme("signal")
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{site.root_url}/share/")
    tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    tab_to(page, "Get my link")
    page.keyboard.press("Enter")  # leads to the form
    page.wait_for_timeout(1600)
    tab_to(page, "Name")
    page.keyboard.type("Ana Example")
    tab_to(page, "E-mail")
    page.keyboard.type("ana@example.com")
    tab_to(page, "I accept")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Your link")).to_be_visible()
    tab_to(page, "Copy the link")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{site.root_url}/r/")
    assert Referrer.objects.get().person.email == "ana@example.com"
    context.close()


@pytest.mark.parametrize("theme", ["paper", "signal", "street"])
def test_an_arabic_page_reads_from_right_to_left(browser, site, settings, theme):
    settings.LANGUAGE_CODE = "ar"
    program = make_program(name="ادعُ جارك")
    hero = {**landing_body()[0][1], "heading": "نوافذ نظيفة يتحدث عنها الجيران", "action_text": "احصل على العرض"}
    make_landing_page(program, body=[("hero", hero), *landing_body()[1:]])
    use_theme(theme)
    link = make_link(program, name="ليلى")
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(f"{site.root_url}/r/{link.code}/")
    assert page.locator("html").get_attribute("dir") == "rtl"
    expect(page.get_by_text("ليلى").first).to_be_visible()
    for width in (1280, 375):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot(page, f"arabic-{theme}-{width}")
    heading = page.get_by_role("heading", level=1)
    assert heading.evaluate("e => getComputedStyle(e).direction") == "rtl"
    button = page.get_by_role("link", name="احصل على العرض").first.bounding_box()
    assert PHONE["width"] - button["x"] - button["width"] < button["x"], "the button is not at the right"
    page.wait_for_timeout(1600)
    form = page.locator("form").first
    form.locator("[name$='name']").first.fill("سمير")
    form.locator("[type=email]").fill("samir@example.com")
    form.get_by_role("checkbox").first.check()
    form.get_by_role("button").last.click()
    page.wait_for_url(re.compile("rb=thanks"))
    context.close()
    assert Referral.objects.get().friend_name == "سمير"
