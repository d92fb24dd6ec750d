"""<referral-share> in a real browser: on a page of another origin under a strict policy, and on the site's own."""

import re

import pytest
from playwright.sync_api import expect
from wagtail.models import Site

from referral_blocks.emails.compose import compose
from referral_blocks.emails.models import Email
from referral_blocks.links.models import ShareEvent
from referral_blocks.people.models import Person
from referral_blocks.referrers.models import AppSession
from referral_blocks.referrers.session import make_session, make_sign_in_token, session_cookie
from referral_blocks.referrers.tokens import revoke_app_sessions
from tests.browser import chromium
from tests.graphql_api.stream.server import serving
from tests.looks.axe import violations
from tests.mailbox import look_up
from tests.make import make_link, make_program
from tests.processes import wait_for
from tests.referral_blocks.blocks.test_portal_blocks import befriend, with_history

from .elsewhere import ELEMENT, elsewhere

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
HEARD = """
  window.heard = []
  for (const what of ['joined', 'signed-in', 'signed-out', 'shared', 'trouble'])
    document.addEventListener(`referral-share:${what}`, e =>
      heard.push([what, e.detail.channel ?? e.detail.kind ?? '']))
"""
LONG = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren"


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def site(live_server):
    """Mails and links lead to the address at which the browser finds the site."""
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port))
    return live_server.url


@pytest.fixture
def shop(site, settings):
    with elsewhere(site) as running:
        settings.REFERRAL_BLOCKS = {
            **settings.REFERRAL_BLOCKS,
            "API_CORS_ORIGINS": {"*": (running.url,)},
            "SIGN_IN_RETURN_ADDRESSES": {"*": (running.url + "/friends",)},
        }
        yield running
        assert running.reports == []


@pytest.fixture
def open_tab(browser):
    """Makes tabs that note what goes wrong in them; nothing may."""
    contexts = []

    def make(context=None, **options):
        context = context or browser.new_context(viewport={"width": 390, "height": 844}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.add_init_script(HEARD)
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda m: page.wrong.append(m.text) if "Policy" in m.text else None)
        return page

    yield make
    problems = [problem for context in contexts for page in context.pages for problem in getattr(page, "wrong", [])]
    for context in contexts:
        context.close()
    assert problems == []


def heard(page):
    return page.evaluate("heard")


def sign_in(page, shop, referrer):
    page.goto(f"{shop.url}/friends#referral-sign-in={make_sign_in_token(referrer)}")
    page.get_by_text("Your friends and rewards").first.wait_for()


def stops(page, count):
    """What the Tab key reaches, by name or text."""
    found = []
    for _press in range(count):
        page.keyboard.press("Tab")
        found.append(
            page.evaluate(
                """() => { let at = document.activeElement
                  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
                  return at.name || at.innerText.split('\\n')[0].trim() }"""
            )
        )
    return found


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


def test_a_referrer_asks_for_a_link_and_nobody_learns_who_is_known(shop, open_tab):
    make_link(make_program())
    page = open_tab()
    for email in ("referrer@example.com", "nobody@example.com"):
        page.goto(shop.url + "/friends")
        page.get_by_role("button", name="Joined before? Sign in").click()
        expect(page.get_by_label("E-mail")).to_be_focused()
        page.get_by_label("E-mail").fill(email)
        page.keyboard.press("Enter")
        expect(page.locator(".told:focus")).to_contain_text("If this address has joined")
    assert look_up() == 2
    (mail,) = Email.objects.filter(kind="sign_in")
    assert mail.return_to == f"{shop.url}/friends"
    shop.elements = ELEMENT.replace("<referral-share", '<referral-share return-to="https://evil.example/"')
    page.goto(shop.url + "/friends")
    page.get_by_role("button", name="Joined before? Sign in").click()
    page.get_by_label("E-mail").fill("another@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Sign-in links may not lead to this page.")
    assert (look_up(), Email.objects.filter(kind="sign_in").count()) == (0, 1)
    page.goto(shop.url + "/friends#referral-sign-in=nonsense")
    page.reload()
    expect(page.locator("referral-share")).to_contain_text("Bring a neighbour")


def test_a_damaged_link_says_so(shop, open_tab):
    make_program()
    page = open_tab()
    page.goto(shop.url + "/friends#referral-sign-in=nonsense")
    expect(page.get_by_text("This sign-in link is damaged or too old.")).to_be_visible()
    assert page.url == shop.url + "/friends"
    assert violations(page) == []


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


def pass_time(page, *, seconds):
    """In steps that leave the network its time: what the page gives up after twenty seconds is not what is tried."""
    for _step in range(-(-seconds // 15)):
        page.clock.run_for(15_000)
        page.wait_for_timeout(100)
        page.wait_for_load_state("networkidle")


def see(page, state):
    page.evaluate(
        """state => { Object.defineProperty(document, 'visibilityState', {value: state, configurable: true})
        document.dispatchEvent(new Event('visibilitychange')) }""",
        state,
    )


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


def test_an_expired_access_token_is_renewed_and_a_revoked_sign_in_shows_nothing_more(shop, open_tab, settings):
    referrer = with_history(1)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_ACCESS_SECONDS": 40}
    page = open_tab()
    page.clock.install()
    sign_in(page, shop, referrer)
    pass_time(page, seconds=31)
    assert AppSession.objects.get().generation == 2
    expect(page.get_by_text("Visits")).to_be_visible()
    revoke_app_sessions(person_id=referrer.person_id)
    pass_time(page, seconds=31)
    page.get_by_role("button", name="Get my link").wait_for()
    shown = page.evaluate("document.querySelector('referral-share').shadowRoot.textContent")
    assert "Visits" not in shown and referrer.links.first().code not in shown
    assert page.evaluate("sessionStorage.length") == 0


def test_two_elements_are_signed_in_and_out_together(shop, open_tab):
    referrer = with_history(1)
    make_program(name="Other offer", slug="other")
    shop.elements = ELEMENT + ELEMENT + ELEMENT.replace("neighbours", "other")
    page = open_tab()
    sign_in(page, shop, referrer)
    first, second, other = (page.locator("referral-share").nth(n) for n in range(3))
    expect(second).to_contain_text("Visits")
    expect(other).to_contain_text("Other offer")
    assert AppSession.objects.count() == 1
    assert violations(page) == []
    page.reload()
    expect(first).to_contain_text("Visits")
    expect(second).to_contain_text("Visits")
    assert AppSession.objects.get().revoked_at is None  # the refresh token, which works once, was used once
    second.get_by_role("button", name="Sign out").click()
    for element in (first, second):
        expect(element.get_by_role("button", name="Get my link")).to_be_visible()
    assert AppSession.objects.get().revoked_at is not None
    assert heard(page)[-1] == ["signed-out", ""]


def test_a_tab_that_was_duplicated_leaves_the_sign_in_to_the_first(shop, open_tab):
    referrer = with_history(1)
    page = open_tab()
    sign_in(page, shop, referrer)
    kept = page.evaluate("JSON.stringify(sessionStorage)")
    copy = open_tab(page.context)
    copy.add_init_script(f"Object.assign(sessionStorage, {kept})")
    copy.goto(shop.url + "/friends")
    expect(copy.get_by_role("button", name="Get my link")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Visits")).to_be_visible()
    assert AppSession.objects.get().revoked_at is None


def test_tabs_share_a_remembered_sign_in(shop, open_tab):
    referrer = with_history(1)
    shop.elements = ELEMENT.replace("<referral-share", "<referral-share remember")
    page = open_tab()
    sign_in(page, shop, referrer)
    other = open_tab(page.context)
    other.goto(shop.url + "/friends")
    expect(other.get_by_text("Visits")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Visits")).to_be_visible()
    assert (AppSession.objects.get().revoked_at, AppSession.objects.get().generation) == (None, 3)


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


@pytest.mark.urls("tests.graphql_api.share.own_page")
def test_on_the_sites_own_pages_the_cookie_says_who_looks(site, open_tab):
    referrer = with_history(1)
    page = open_tab()
    page.goto(site + "/own/")
    page.get_by_role("button", name="Get my link").wait_for()
    for verified, text in ((False, "Open the sign-in link in our e-mail"), (True, "Visits")):
        session = make_session(referrer, verified=verified, link_id=referrer.links.first().pk)
        page.context.add_cookies([{"name": session_cookie(referrer.program), "value": session, "url": site}])
        page.reload()
        expect(page.locator("referral-share")).to_contain_text(text)
        expect(page.get_by_role("textbox", name="Your link")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Get my link")).to_be_visible()
    assert not [c for c in page.context.cookies() if c["name"] == session_cookie(referrer.program)]
    assert (AppSession.objects.count(), page.evaluate("sessionStorage.length")) == (0, 0)


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
