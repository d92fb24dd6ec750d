"""The portal in a real browser: by finger and by keyboard, with scripts and without, from right to left."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings
from wagtail.models import Site

from referral_blocks.links.models import ShareEvent
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, read_session, session_cookie
from tests.browser import chromium
from tests.make_pages import make_share_page, use_theme

from .test_in_browser import open_page
from .test_portal_blocks import NAMES, with_history

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren Example"


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def referrer(live_server):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port))
    referrer = with_history(12, name=LONG)
    Referrer.objects.update(leaderboard_consent=True)
    make_share_page(referrer.program, body=[(name, {}) for name in ["hero", *NAMES]])
    return referrer


@pytest.fixture
def signed_in(referrer):
    return (session_cookie(referrer.program), make_session(referrer, verified=True))


def sound(page, width=375):
    """No accessibility violation, no sideways scrolling, no error, nothing that the policy had to stop."""
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.problems == []


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_with_all_blocks_is_accessible_on_a_phone(browser, live_server, signed_in, script, scheme):
    page = open_page(browser, live_server, "/share/", scheme=scheme, cookies=(signed_in,))
    if not script:  # axe itself is a script: the site's own are kept away
        page.route("**/*.js", lambda route: route.abort())
        page.reload()
        assert page.get_by_role("button", name="Copy the link").count() == 0
    for fold in page.locator("summary:visible").all():
        fold.click()
    sound(page)
    page.context.close()


@pytest.mark.parametrize(("theme", "width"), [("street", 375), ("paper", 375), ("signal", 375), ("", 320), ("", 1280)])
def test_it_holds_in_a_theme_on_the_smallest_phone_and_on_a_desk(browser, live_server, signed_in, theme, width):
    use_theme(theme)
    page = open_page(browser, live_server, "/share/", width=width, cookies=(signed_in,))
    sound(page, width)
    page.context.close()


def test_visitors_see_a_sound_page_too(browser, live_server, referrer):
    page = open_page(browser, live_server, "/share/")
    sound(page)
    page.context.close()


@override_settings(LANGUAGE_CODE="ar")
def test_it_reads_from_right_to_left(browser, live_server, signed_in):
    page = open_page(browser, live_server, "/share/", cookies=(signed_in,))
    assert page.evaluate("document.documentElement.dir") == "rtl"
    sound(page)
    rank, name = (page.locator(f".rb-board__{part}").first.bounding_box() for part in ("rank", "name"))
    assert rank["x"] > name["x"] + name["width"] / 2
    page.context.close()


def press(page, channel):
    """Press a share button; returns where each press would have led, without leaving for the channel itself."""
    led = []

    def stay(route):
        answer = route.fetch(max_redirects=0)
        led.append(answer.headers["location"])
        route.fulfill(status=200, body="the channel")

    page.context.route(re.compile(r"/share/\w+/"), stay)
    with page.context.expect_page(timeout=5000) as opened:
        page.locator(f"#share-panel .rb-channel--{channel}").click()
    opened.value.wait_for_load_state()
    return led


@pytest.mark.parametrize("script", [True, False])
def test_a_press_is_counted_once_with_scripts_and_without(browser, live_server, signed_in, script):
    page = open_page(browser, live_server, "/share/", script=script, cookies=(signed_in,))
    (led,) = press(page, "whatsapp")
    assert led.startswith("https://wa.me/?text=I%20think%20you%20would%20like%20this.")
    assert list(ShareEvent.objects.values_list("channel", flat=True)) == ["whatsapp"]
    assert page.problems == []
    page.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_the_message_is_changed_before_it_is_sent(browser, live_server, signed_in, script):
    page = open_page(browser, live_server, "/share/", script=script, cookies=(signed_in,))
    page.get_by_text("Change the message first").click()
    page.get_by_label("Your message").fill("Come & see")
    button = page.get_by_role("button", name="Use this message")
    if script:
        assert button.is_hidden()
    else:
        button.click()
    (led,) = press(page, "x")
    assert led.startswith("https://x.com/intent/post?text=Come%20%26%20see&url=http")
    page.context.close()


def test_copying_counts_once_and_says_so(browser, live_server, signed_in):
    page = open_page(browser, live_server, "/share/", cookies=(signed_in,))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with page.expect_response(lambda response: response.url.endswith("/share/copy/")) as told:
        page.locator("#share-panel").get_by_role("button", name="Copy the link").click()
    assert told.value.status == 204
    page.get_by_text("Copied.").first.wait_for()
    assert list(ShareEvent.objects.values_list("channel", flat=True)) == ["copy"]
    assert page.problems == []
    page.context.close()


def test_a_share_sheet_that_is_closed_counts_nothing(browser, live_server, signed_in):
    page = open_page(browser, live_server, "/share/", cookies=(signed_in,))
    page.context.add_init_script(
        "navigator.share = () => window.closes ? Promise.reject(new DOMException('', 'AbortError')) : Promise.resolve()"
    )
    page.reload()
    sheet = page.locator("#share-panel").get_by_role("button", name="Share", exact=True)
    page.evaluate("window.closes = true")
    sheet.click()
    page.wait_for_timeout(300)
    assert not ShareEvent.objects.exists()
    page.evaluate("window.closes = false")
    with page.expect_response(lambda response: response.url.endswith("/share/native/")):
        sheet.click()
    assert list(ShareEvent.objects.values_list("channel", flat=True)) == ["native"]
    page.context.close()


def test_the_keyboard_reaches_and_shows_every_share_button(browser, live_server, signed_in):
    page = open_page(browser, live_server, "/share/", cookies=(signed_in,))
    page.locator(".rb-channel").first.focus()
    names = []
    for _ in range(6):
        names.append(page.evaluate("document.activeElement.className"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.keyboard.press("Tab")
    assert names == [f"rb-channel rb-channel--{c}" for c in ("whatsapp", "email", "sms", "x", "facebook", "linkedin")]
    page.context.close()


def test_signing_out_everywhere_by_keyboard_and_without_scripts(browser, live_server, referrer, signed_in):
    other = make_session(referrer, verified=True)
    page = open_page(browser, live_server, "/share/", script=False, cookies=(signed_in,))
    page.get_by_role("button", name="Sign out", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/share/" not in url)
    assert [c for c in page.context.cookies() if c["name"] == signed_in[0]] == []
    assert (read_session(signed_in[1]), read_session(other)) == (None, None)
    assert page.problems == []
    page.context.close()
