"""What the site's content security policy stops, on every public page and all through the admin: nothing."""

import re

import pytest
from django.urls import reverse
from PIL import Image
from wagtail.models import Collection, Site

from cms.csp import only_starts_a_widget
from tests.browser import chromium
from tests.looks.states import calm, make_world
from tests.looks.wall import THEMES
from tests.make import make_program
from tests.make_pages import make_landing_page, use_theme

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.looks.wall"), pytest.mark.timeout(300)]
WATCH = """
  document.addEventListener('securitypolicyviolation', e =>
    console.log('STOPPED', document.location.pathname, e.effectiveDirective, e.blockedURI, e.sample))
"""
DIRECTIVES = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
    "connect-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'self'",
}  # fmt: skip
IN_ADMIN = DIRECTIVES | {"frame-src 'self'"}


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def stopped():
    return []


def watched(browser, stopped, **options):
    """A tab that tells ``stopped`` what the policy stopped, and what scripts complained about."""
    page = browser.new_context(**calm("light", 1400), **options).new_page()
    page.set_default_timeout(8000)
    page.add_init_script(WATCH)
    page.on("console", lambda m: stopped.append(m.text) if m.text.startswith(("STOPPED", "Refused")) else None)
    page.on("pageerror", lambda error: stopped.append(str(error)))
    return page


def policy(response) -> set[str]:
    return set(response["Content-Security-Policy"].split("; "))


def test_the_watch_sees_what_is_stopped(browser, live_server, stopped):
    page = watched(browser, stopped)
    page.goto(live_server.url + "/wall/?only=steps")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")
    page.wait_for_timeout(200)
    assert [line.split()[2] for line in stopped if line.startswith("STOPPED")] == ["style-src-attr"] * 2
    page.context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_nothing_is_stopped_on_a_public_page(browser, live_server, stopped, theme):
    world = make_world(live_server.url)
    use_theme(theme)
    page = watched(browser, stopped)
    page.goto(f"{live_server.url}/wall/?theme={theme}")
    page.wait_for_load_state("networkidle")
    for state in world.states:
        world.visit(page, state)
        if state.name == "share":
            page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            page.locator("#share-panel").get_by_role("button", name="Copy the link").click()
            page.get_by_text("Copied.").first.wait_for()
            with page.expect_download():
                page.locator(".rb-qr__downloads a").first.click()
    page.context.close()
    assert stopped == []


def test_the_policy_says_all_that_it_allows(client, admin_client):
    page = make_landing_page(make_program())
    for path in ("/landing/", "/nothing-here/", "/referrals/reward/nonsense/", "/graphql/"):
        assert policy(client.get(path, headers={"Accept": "text/html"})) == DIRECTIVES, path
    (scripts,) = policy(admin_client.get(f"/admin/pages/{page.pk}/edit/")) - IN_ADMIN
    assert re.fullmatch(r"script-src 'self'( 'sha256-[\w+/]{43}=')+", scripts)
    assert policy(admin_client.get("/admin/")) == IN_ADMIN
    if not Collection.objects.exists():
        Collection.add_root(name="Root")
    uploads = policy(admin_client.get(reverse("wagtailimages:add_multiple")))
    assert uploads - IN_ADMIN == {"img-src 'self' data: blob:"}


@pytest.mark.parametrize(
    "script",
    [
        'initDateChooser("id_day", {"format": "Y-m-d"});alert(1)',
        'initDateChooser("id_day", {"format": alert(1)});',
        'initDateChooser("id_day", {"a": "b"}, {"c": alert`1`});',
        'new ImageChooser("id_x", {});\nalert(1)',
        'new Function("id_x", {});',
        'alert("id_x", {});',
        '(function() {var panel = new InlinePanel(JSON.parse("{}" + alert(1)));})();',
        '(function() {var panel = new InlinePanel(JSON.parse("\\x22"));})();',
    ],
)
def test_a_script_that_does_more_than_start_a_widget_gets_no_hash(script):
    assert only_starts_a_widget(script) is False


def test_what_wagtail_starts_its_widgets_with_gets_one():
    for script in (
        'initDateTimeChooser("id_go_live_at", {"dayOfWeekStart": 0, "parentID": "#schedule-publishing-dialog"});',
        'new PageChooser("id_page", {"modelNames": ["wagtailcore.page"], "userPerms": null});',
        'createTaskChooser("id_task");',
        '\n  (function() {\n    var panel = new InlinePanel(JSON.parse("{\\u0022a\\u0022: 1}"));\n  })();\n',
    ):
        assert only_starts_a_widget(script) is True


ADMIN_PAGES = [
    "wagtailadmin_home", "referral_programs:add", "referral_themes:add", "referral_reward_desk:index",
    "referral_review_desk:index", "referral_runs:index", "referral_reports:owed", "wagtailusers_users:index",
    "wagtailusers_users:add", "wagtailadmin_reports:site_history", "wagtailadmin_reports:aging_pages",
    "wagtailimages:index", "wagtailsites:index", "wagtailadmin_account",
]  # fmt: skip


@pytest.mark.usefixtures("admin_user")
def test_nothing_is_stopped_in_the_admin(browser, live_server, stopped, tmp_path):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port))
    if not Collection.objects.exists():
        Collection.add_root(name="Root")
    program = make_program()
    landing = make_landing_page(program)
    page = watched(browser, stopped)
    sign_in(page, live_server.url)
    for path in [*map(reverse, ADMIN_PAGES), reverse("referral_programs:edit", args=[program.pk])]:
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        assert "404" not in page.title(), path
    picture = tmp_path / "red.png"
    Image.new("RGB", (300, 200), "red").save(picture)
    edit(page, f"{live_server.url}/admin/pages/{landing.pk}/edit/", picture)
    page.goto(live_server.url + reverse("wagtailimages:add_multiple"))
    page.locator("input[type=file]").first.set_input_files(picture)
    page.get_by_role("button", name="Keep new image").wait_for()  # the same file once more
    page.goto(live_server.url + "/landing/")  # with Wagtail's bar for editors
    page.locator("wagtail-userbar").wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    page.context.close()
    assert stopped == []


def sign_in(page, url):
    page.goto(url + "/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(url + "/admin/")


def edit(page, address, picture):
    """Everything in the page editor that works by scripts: date, preview, block chooser, image chooser and upload."""
    page.goto(address)
    page.get_by_role("button", name="Toggle status").click()
    page.get_by_role("button", name=re.compile("schedule", re.I)).first.click()
    page.locator("#id_go_live_at").click()
    page.locator(".xdsoft_datetimepicker:visible").first.wait_for()
    page.goto(address)
    page.get_by_role("button", name="Toggle preview").click()
    page.frame_locator("#w-preview-iframe").locator(".rb-hero").wait_for()
    page.get_by_role("button", name="Insert a block").last.click()
    page.locator(".w-combobox__option-preview").last.click()
    page.frame_locator(".w-combobox-preview iframe").locator(".rb-block").first.wait_for()
    page.get_by_role("option", name="Questions and answers").click()
    page.get_by_role("button", name="Choose an image").first.click()
    page.get_by_role("tab", name="Upload").click()
    page.locator(".modal input[type=file]").set_input_files(picture)
    page.locator(".modal").get_by_label("Title").last.fill("Red")
    page.locator(".modal").get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_load_state("networkidle")
