"""The friends' blocks in a real browser: accessible, without and with scripts, nothing covered."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from wagtail.models import Site

from referral_blocks.referrals.models import Referral, ReferralClaim
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.rewards.models import RewardRule
from tests.browser import chromium
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page, make_share_page, use_theme

from .test_in_browser import open_page as open_any_page

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
FIELDS = [
    ("phone", {"label": "", "help_text": "", "required": False}),
    ("company", {"label": LONG[:80], "help_text": "", "required": True}),
    ("message", {"label": "", "help_text": "Anything.", "required": False}),
]
STATS = [
    {"figure": "typed", "typed": "4.9 ★", "label": "on maps", "least": 1},
    {"figure": "typed", "typed": "1,280+", "label": LONG[:60], "least": 1},
]
ALL = [
    ("hero", {}), ("offer_cards", {}), ("steps", {}), ("stat_row", {"stats": STATS}), ("testimonials", {}),
    ("countdown", {}), ("members_only", {}), ("code_entry", {}), ("refer_by_name", {}),
    ("friend_form", {"fields": FIELDS}), ("faq", {}), ("terms", {"collapsed": False}), ("cta_bar", {}),
]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def program(live_server):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port))
    program = make_program(ends_at=timezone.now() + timedelta(days=12, hours=5), time_zone="Europe/Vienna")
    RewardRule.objects.create(
        program=program, side="referrer", title=LONG, amount_minor=5000, kind="percentage", friend_from=3,
        options={"percent": "10", "floor_minor": 500}, method="coupon",
    )  # fmt: skip
    make_landing_page(program, body=complete(ALL))
    make_share_page(
        program, body=complete([("hero", {}), ("post_purchase", {}), ("members_only", {}), ("cta_bar", {})])
    )
    return program


def complete(body):
    """The blocks with their defaults, as the editor stores them."""
    from referral_blocks.blocks.stream import ReferralStreamBlock

    children = ReferralStreamBlock().child_blocks
    return [(name, {**dict(children[name].get_default()), **value}) for name, value in body]


def open_page(browser, live_server, path, *, blocked="", **options):
    """As open_any_page; ``blocked`` keeps scripts away where axe needs its own: it does not run without JavaScript."""
    if blocked:
        browser_context = browser.new_context

        def without(**fields):
            context = browser_context(**fields)
            context.route(blocked, lambda route: route.abort())
            return context

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(browser, "new_context", without)
            return open_any_page(browser, live_server, path, **options)
    return open_any_page(browser, live_server, path, **options)


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_a_page_with_all_of_them_is_accessible_and_never_wider_than_the_screen(
    browser, live_server, program, script, width
):
    link = make_link(program, name=LONG + " Example")
    verified = (session_cookie(program), make_session(link.referrer, verified=True))
    for path, cookies in ((f"/r/{link.code}/", ()), ("/share/", ()), ("/share/", (verified,))):
        page = open_page(browser, live_server, path, width=width, cookies=cookies, blocked="" if script else "**/*.js")
        found = Axe().run(page).response["violations"]
        assert [(path, v["id"], v["nodes"][0]["html"]) for v in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.problems == []
        page.context.close()


def test_all_mistakes_of_a_form_are_shown_at_once_on_a_phone(browser, live_server, program):
    page = open_page(browser, live_server, "/landing/")
    form = page.locator('form[action="/referrals/friend/"]')
    typed = {"name": "www.evil.example", "company": "a\u202eb", "email": "kim@example.com", "code": "NOBODY99"}
    for name, text in typed.items():
        form.locator(f"[name={name}]").fill(text)
    form.locator("[name=accept_terms]").check()
    page.wait_for_timeout(800)  # nobody fills a form faster, and the form says so
    form.get_by_role("button").click()
    page.locator(".rb-errors").wait_for()
    page.wait_for_load_state()  # with its styles
    wrong = form.locator("[aria-invalid=true]").evaluate_all("all => all.map((one) => one.name)")
    assert wrong == ["name", "company", "code"]
    assert page.locator(".rb-errors a").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") == 375, "a long label is wider than the screen"
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert not Referral.objects.exists()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", ["", "street", "paper", "signal"])
def test_they_are_accessible_in_every_look(browser, live_server, program, theme, scheme):
    use_theme(theme)
    page = open_page(browser, live_server, "/landing/", scheme=scheme)
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    page.context.close()


def test_they_stand_right_to_left(browser, live_server, program, settings):
    settings.LANGUAGE_CODE = "ar"
    page = open_page(browser, live_server, "/landing/")
    assert page.evaluate("document.documentElement.dir") == "rtl"
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    number, title = (page.locator(f".rb-steps__{part}").first.bounding_box()["x"] for part in ("number", "title"))
    assert number > title
    page.context.close()


def test_streets_stickers_stand_two_in_a_row_and_hold_their_words(browser, live_server, program):
    use_theme("street")
    page = open_page(browser, live_server, "/landing/")
    first, second = page.eval_on_selector_all(
        ".rb-stat-row__stat",
        "all => all.map((s) => [s.offsetTop + s.offsetHeight / 2, s.scrollHeight - s.clientHeight])",
    )
    assert (abs(first[0] - second[0]) < 2, first[1], second[1]) == (True, 0, 0)
    page.context.close()


BAR = "getComputedStyle(document.querySelector('.rb-cta-bar')).visibility"
# Brings the element to the middle of the screen, and waits until the observers have told of it.
AT = """([selector, number]) => new Promise((done) => {
  document.querySelectorAll(selector)[number].scrollIntoView({ block: "center", behavior: "instant" });
  setTimeout(done, 300);
})"""


def test_one_main_button_at_a_time_stands_on_a_phones_screen(browser, live_server, program):
    page = open_page(browser, live_server, "/landing/")
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => { for (const e of list.getEntries()) moved += e.value; })"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    page.reload()
    page.wait_for_selector(".rb-cta-bar--settled", state="attached")
    seen = []
    for place in (
        [".rb-hero__action .rb-button", 0], [".rb-steps__step", 1], ["form .rb-button--primary", 0],
        [".rb-testimonial", 0], [".rb-cta-bar", 0],
    ):  # fmt: skip
        page.evaluate(AT, place)
        seen.append(page.evaluate(BAR))
    assert seen == ["hidden", "visible", "hidden", "visible", "visible"]
    page.evaluate(AT, [".rb-hero__action .rb-button", 0])
    page.evaluate("document.querySelector('.rb-cta-bar a').focus()")
    assert page.evaluate("document.activeElement === document.body")  # what is not seen takes no focus
    page.keyboard.press("Tab")
    assert page.evaluate(BAR) == "visible"  # whoever goes by keyboard keeps it
    assert page.evaluate("moved") < 0.01
    page.context.close()


def test_without_its_script_the_bar_is_there_from_the_start(browser, live_server, program):
    page = open_page(browser, live_server, "/landing/", script=False)
    assert page.evaluate(BAR) == "visible"
    page.context.close()
    page = open_page(browser, live_server, "/landing/", blocked="**/cta-bar.js")
    page.wait_for_timeout(2000)
    assert page.evaluate(BAR) == "visible"  # a script that does not come is not waited for
    page.context.close()


def test_the_bar_covers_neither_the_focus_nor_the_end_of_the_page(browser, live_server, program):
    page = open_page(browser, live_server, "/landing/")
    covered, reached = [], False
    for _ in range(60):
        page.keyboard.press("Tab")
        reached = reached or page.evaluate("document.activeElement.matches('.rb-cta-bar a')")
        covered += page.evaluate(
            """() => {
                const bar = document.querySelector('.rb-cta-bar'), at = document.activeElement;
                if (at === document.body || bar.contains(at) || getComputedStyle(bar).position === 'static') return [];
                const a = at.getBoundingClientRect(), b = bar.getBoundingClientRect();
                return a.bottom > b.top + 1 && a.top < b.bottom ? [at.outerHTML.slice(0, 90)] : [];
            }"""
        )
    assert (covered, reached) == ([], True)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    overlap = page.evaluate(
        """() => {
            const bar = document.querySelector('.rb-cta-bar').getBoundingClientRect();
            const last = document.querySelector('.rb-terms').getBoundingClientRect();
            return last.bottom - bar.top;
        }"""
    )
    assert overlap <= 1
    page.context.close()


def test_the_countdown_runs_with_a_script_and_tells_days_without(browser, live_server, program):
    still = open_page(browser, live_server, "/landing/", script=False)
    assert still.locator("[data-rb-unit=day]").inner_text().split() == ["12", "days"]
    assert not still.locator("[data-rb-unit=hour]").is_visible()
    before = still.locator(".rb-countdown").bounding_box()
    assert "Europe/Vienna" in still.locator(".rb-countdown").inner_text()
    still.context.close()
    running = open_page(browser, live_server, "/landing/")
    assert running.locator("[data-rb-unit=hour]").inner_text().split() == ["4", "hours"]
    assert running.locator(".rb-countdown").bounding_box()["height"] == before["height"]
    running.context.close()


def test_the_countdown_ends_by_itself(browser, live_server, program):
    context = browser.new_context(viewport={"width": 375, "height": 812})
    page = context.new_page()
    page.clock.install()
    page.goto(live_server.url + "/landing/")
    assert page.locator("[data-rb-over]").is_hidden()
    page.clock.fast_forward(13 * 24 * 3600 * 1000)
    page.locator("[data-rb-over]").wait_for(state="visible")
    assert page.locator("[data-rb-countdown]").is_hidden()
    assert page.locator("[data-rb-over]").inner_text() == "This offer has ended. What was promised is kept."
    context.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_friend_types_a_code_and_then_their_details(browser, live_server, program, script):
    link = make_link(program)
    page = open_page(browser, live_server, "/landing/", script=script)
    entry = page.locator("#code-entry")
    entry.get_by_label("Your friend’s code").fill("nobody99")
    page.wait_for_timeout(800)
    entry.get_by_role("button", name="Use this code").click()
    assert "We do not know this code" in page.locator("#code-entry").inner_text()
    page.locator("#code-entry").get_by_label("Your friend’s code").fill(link.code.lower())
    page.wait_for_timeout(800)
    page.locator("#code-entry").get_by_role("button", name="Use this code").click()
    page.get_by_text("Robin invited you").wait_for()
    form = page.locator("#friend-form")
    form.get_by_label("Name", exact=True).fill("Kim Example")
    form.get_by_label("E-mail").fill("kim@example.com")
    form.get_by_label(LONG[:80]).fill("Example & Sons")
    form.get_by_label("Message").fill("Hello")
    form.get_by_label("I accept the terms").check()
    page.wait_for_timeout(800)
    form.get_by_role("button", name="Claim my gift").click()
    page.get_by_text("We have your details and get in touch soon.").wait_for()
    referral = Referral.objects.get()
    assert (referral.attribution_method, [a["text"] for a in referral.answers]) == (
        "token", ["Example & Sons", "Hello"],
    )  # fmt: skip
    page.context.close()


def test_a_friend_names_who_told_them_with_the_keyboard_alone(browser, live_server, program):
    page = open_page(browser, live_server, "/landing/", script=False)
    page.locator("#refer-by-name-referrer_name").focus()
    page.keyboard.type("Robin Example")
    for text in ("Kim Example", "kim@example.com"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_timeout(800)
    page.keyboard.press("Enter")
    page.get_by_text("We look into it and get back to you.").wait_for()
    assert ReferralClaim.objects.get().typed_name == "Robin Example"
    page.context.close()
