"""<referral-share> in a real browser: on a page of another origin under a strict policy, and on the site's own."""

import re

import pytest
from playwright.sync_api import expect
from wagtail.models import Site

from referral_blocks.emails.compose import compose
from referral_blocks.emails.models import Email
from referral_blocks.links.models import ShareEvent
from referral_blocks.people.models import Person
from tests.graphql_api.stream.server import serving
from tests.looks.axe import violations
from tests.make import make_program
from tests.processes import wait_for
from tests.referral_blocks.blocks.test_portal_blocks import befriend, with_history

from .elsewhere import ELEMENT, elsewhere
from .steps import heard, pass_time, see, sign_in, stops

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
LONG = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren"


def test_the_watch_sees_what_a_policy_stops(shop, open_tab):
    page = open_tab()
    shop.elements = '<p style="color: red">Red</p>'
    page.goto(shop.url + "/friends")
    wait_for(lambda: shop.reports, seconds=8)
    assert "style-src" in shop.reports[0]
    assert any("Policy" in text for text in page.wrong)
    shop.reports.clear()
    page.wrong.clear()


def test_a_stranger_joins_by_keyboard_and_comes_back_by_the_mail(shop, open_tab):
    make_program()
    page = open_tab()
    page.goto(shop.url + "/friends")
    page.get_by_role("heading", name="Bring a neighbour").wait_for()
    expect(page.get_by_role("link", name="Your link and rewards")).to_be_hidden()
    assert violations(page) == []
    names = ["The shop", "name", "email", "greetingConsent", "acceptTerms", "Read the terms", "Get my link"]
    assert stops(page, 7) == names
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    expect(page.get_by_role("textbox", name="Name")).to_have_accessible_description("Enter your name.")
    assert violations(page) == []
    assert not Person.objects.exists()
    page.keyboard.type(f"{LONG} Example")
    page.keyboard.press("Tab")
    page.keyboard.type("robin@example.com")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    link = page.get_by_role("textbox", name="Your link")
    expect(link).to_have_value(re.compile(rf"{shop.site}/r/\w+/"))
    expect(page.locator(".told:focus")).to_contain_text("You’re in.")
    expect(page.get_by_text("Visits")).to_have_count(0)  # only after a look into the mailbox
    assert (heard(page), page.evaluate("sessionStorage.length")) == ([["joined", ""]], 0)
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    address = re.search(r"http\S+#referral-sign-in=\S+", compose(Email.objects.get()).body)[0]
    assert address.startswith(f"{shop.url}/friends#")
    page.goto("about:blank")
    page.goto(address)
    page.get_by_text("Visits").wait_for()
    assert page.url == f"{shop.url}/friends"  # what signs in is out of the address
    assert heard(page) == [["signed-in", ""]]
    assert violations(page) == []
    page.reload()
    page.get_by_text("Visits").wait_for()
    assert page.context.cookies() == []
    assert page.evaluate("Object.keys(localStorage).length") == 0


@pytest.mark.parametrize(("scheme", "direction", "language"), [("light", "ltr", "en-GB"), ("dark", "rtl", "ar")])
def test_a_referrer_shares_and_sees_how_they_do(shop, open_tab, scheme, direction, language):
    referrer = with_history(2, name=f"{LONG} Example")
    shop.language, shop.direction = language, direction
    page = open_tab(color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"])
    sign_in(page, shop, referrer)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    if language == "en-GB":
        expect(page.get_by_text(re.compile(r"until \d+ \w+ \d{4}")).first).to_be_visible()
    expect(page.get_by_text("Waiting for our team to approve it").first).to_be_visible()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    link = page.get_by_role("textbox", name="Your link").input_value()
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.get_by_text("Change the message first").click()
    page.get_by_label("Your message").fill("Tea & cake?")
    mail = page.get_by_role("link", name="E-mail").get_attribute("href")
    assert mail.endswith(f"Tea%20%26%20cake%3F%0A%0A{link.replace(':', '%3A').replace('/', '%2F')}")
    page.locator("a.channel", has_text="E-mail").evaluate("a => { a.href = '#here'; a.click() }")
    page.wait_for_function("heard.length === 3")
    assert heard(page) == [["signed-in", ""], ["shared", "COPY"], ["shared", "EMAIL"]]
    wait_for(lambda: ShareEvent.objects.count() == 2, seconds=8)
    assert set(ShareEvent.objects.values_list("channel", flat=True)) == {"copy", "email"}
    small = page.evaluate(
        """[...document.querySelector('referral-share').shadowRoot.querySelectorAll('a, button, input, summary')]
        .filter(e => e.offsetParent && (e.offsetHeight < 24 || e.offsetWidth < 24)).map(e => e.outerHTML)"""
    )
    assert small == []


def test_it_stays_fresh_while_it_is_seen(shop, open_tab):
    referrer = with_history(1)
    page = open_tab()
    page.clock.install()
    sign_in(page, shop, referrer)
    asked, streams = [], []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.on("request", lambda request: streams.append(request.url) if request.url.endswith("/stream") else None)
    customers = page.locator("dl.figures > div", has_text="Customers").locator("dd")
    expect(customers).to_have_text("1")
    befriend(referrer.program, referrer.links.first(), 7)
    pass_time(page, seconds=31)
    expect(customers).to_have_text("2")
    assert streams == []  # this process has none, as it said when it was asked
    expect(page.get_by_text("Your figures have changed.")).to_be_attached()
    see(page, "hidden")
    before = len(asked)
    page.clock.run_for(600_000)
    assert len(asked) == before
    see(page, "visible")
    pass_time(page, seconds=1)
    assert len(asked) == before + 1
    page.route("**/graphql/", lambda route: route.abort())
    pass_time(page, seconds=62)
    expect(page.get_by_text("Not up to date")).to_be_visible()
    expect(customers).to_have_text("2")
    page.unroute("**/graphql/")
    pass_time(page, seconds=130)
    expect(page.get_by_text("Not up to date")).to_have_count(0)


def test_news_come_by_the_sites_stream_at_once(open_tab, tmp_path):
    referrer = with_history(1)
    with (
        elsewhere("") as shop,
        serving(tmp_path / "out", API_CORS_ORIGINS={"*": [shop.url]}, RATE_LIMITS_ENABLED=False) as server,
    ):
        shop.site = f"http://127.0.0.1:{server.port}"
        Site.objects.update(hostname="127.0.0.1", port=server.port)
        page = open_tab()
        page.set_default_timeout(30_000)  # a process that has just started is slow at first
        begun = page.expect_response(lambda r: r.url.endswith("/stream") and r.status == 200, timeout=60_000)
        with begun:
            sign_in(page, shop, referrer)
        page.wait_for_timeout(500)
        befriend(referrer.program, referrer.links.first(), 7)
        customers = page.locator("dl.figures > div", has_text="Customers").locator("dd")
        expect(customers).to_have_text("2", timeout=8000)  # a look of its own would come after half a minute
        assert shop.reports == []


def test_a_site_that_is_down_is_said_in_words(shop, open_tab):
    make_program()
    page = open_tab()
    page.route("**/graphql/", lambda route: route.abort())
    page.goto(shop.url + "/friends")
    expect(page.get_by_role("alert")).to_contain_text("This cannot be shown at the moment.")
    expect(page.get_by_role("link", name="Your link and rewards")).to_be_visible()
    assert (heard(page), violations(page)) == ([["trouble", "offline"]], [])
    page.unroute("**/graphql/")
    page.route("**/*.json", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("This cannot be shown at the moment.")
    page.unroute("**/*.json")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Get my link")).to_be_visible()
    page.route("**/graphql/", lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>"))
    page.get_by_role("textbox", name="Name").fill("Robin")
    page.get_by_label("E-mail").fill("robin@example.com")
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Get my link").click()
    expect(page.get_by_role("alert")).to_contain_text("This cannot be shown at the moment.")
    assert not Person.objects.exists()


def test_an_origin_that_the_site_does_not_allow_is_told_no_more(shop, open_tab, settings):
    make_program()
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_CORS_ORIGINS": {"*": ("https://other.example",)}}
    page = open_tab()
    page.goto(shop.url + "/friends")
    expect(page.get_by_role("alert")).to_contain_text("This cannot be shown at the moment.")


def test_without_scripts_the_page_has_its_own_link(shop, open_tab):
    page = open_tab(java_script_enabled=False)
    page.goto(shop.url + "/friends")
    expect(page.get_by_role("link", name="Your link and rewards")).to_have_attribute("href", shop.site + "/share/")


def test_a_closed_programme_says_when_it_is_open(shop, open_tab):
    make_program(status="ended")
    page = open_tab()
    page.goto(shop.url + "/friends")
    expect(page.locator("referral-share")).to_contain_text("“Bring a neighbour” has ended. What was promised is kept.")
    expect(page.get_by_role("button", name="Mail me a sign-in link")).to_be_visible()
    expect(page.get_by_role("button", name="Get my link")).to_have_count(0)
    assert violations(page) == []
    shop.elements = ELEMENT.replace("neighbours", "nothing")
    page.goto(shop.url + "/friends")
    expect(page.get_by_role("alert")).to_contain_text("This programme is not to be found.")
    expect(page.get_by_role("link", name="Your link and rewards")).to_be_visible()
