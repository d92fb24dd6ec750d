import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from wagtail.models import Site

from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.session import make_session, session_cookie
from tests.browser import chromium
from tests.make import make_link, make_program, make_referral
from tests.make_pages import make_landing_page, make_share_page, use_theme

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def program(live_server):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port))
    program = make_program()
    make_landing_page(program)
    make_share_page(program)
    return program


def open_page(browser, live_server, path, *, width=375, scheme="light", script=True, cookies=()):
    context = browser.new_context(
        viewport={"width": width, "height": 812},
        color_scheme=scheme,
        reduced_motion="reduce",
        java_script_enabled=script,
        user_agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0",
    )
    context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in cookies])
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda m: page.problems.append(m.text) if "Content Security Policy" in m.text else None)
    page.goto(live_server.url + path)
    return page


@pytest.mark.parametrize("theme", ["", "street"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_no_accessibility_violation_and_no_sideways_scrolling(
    browser, live_server, program, theme, scheme
):
    use_theme(theme)
    link = make_link(program, name="Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren Example")
    make_referral(program, link=link)
    verified = (session_cookie(program), make_session(link.referrer, verified=True))
    for path, cookies in ((f"/r/{link.code}/", ()), ("/share/", ()), ("/share/?rb=joined", (verified,))):
        page = open_page(browser, live_server, path, scheme=scheme, cookies=cookies)
        found = Axe().run(page).response["violations"]
        assert [(path, v["id"], v["nodes"][0]["html"]) for v in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") == 375
        assert page.problems == []
        page.context.close()


def test_the_copy_button_says_what_happened(browser, live_server, program):
    link = make_link(program)
    session = (session_cookie(program), make_session(link.referrer, verified=False, code=link.code))
    page = open_page(browser, live_server, "/share/", cookies=(session,))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the link").click()
    page.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{live_server.url}/r/{link.code}/"


def test_a_browser_that_cannot_copy_selects_the_link_and_says_so(browser, live_server, program):
    link = make_link(program)
    session = (session_cookie(program), make_session(link.referrer, verified=False, code=link.code))
    page = open_page(browser, live_server, "/share/", cookies=(session,))
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    page.get_by_role("button", name="Copy the link").click()
    page.get_by_text("The link is selected").wait_for()
    assert page.evaluate("document.activeElement.selectionEnd") == len(f"{live_server.url}/r/{link.code}/")


def test_everything_works_without_scripts(browser, live_server, program):
    link = make_link(program)
    page = open_page(browser, live_server, f"/r/{link.code}/", script=False)
    page.wait_for_timeout(1600)
    page.get_by_label("Name", exact=True).fill("Kim Example")
    page.get_by_label("E-mail").fill("kim@example.com")
    page.get_by_label("I accept the terms").check()
    page.locator("#friend-form").get_by_role("button", name="Claim my offer").click()
    page.get_by_text("Thank you, that’s everything!").wait_for()
    assert Referral.objects.get().friend.email == "kim@example.com"
