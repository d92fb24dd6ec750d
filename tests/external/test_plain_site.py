"""A plain Wagtail project gets the plugin from the built wheel by the README's steps, and shows a share panel."""

import json
import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from bs4 import BeautifulSoup

from tests.external.plain_site import PASSWORD, ROOT, build_site, code_of, readme_steps, wait_for, wheel_names

pytestmark = pytest.mark.timeout(400)

BROWSER = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}
# What staff would do in the admin: the site's address, a programme, and blocks in the page that is there.
FILL = """
from home.models import HomePage
from referral_blocks.models import Program, RewardRule
from wagtail.models import Site
site = Site.objects.get()
site.hostname, site.port = "127.0.0.1", {port}
site.save()
program = Program.objects.create(
    site=site, name="Bring a neighbour", slug="neighbours", currency="GBP", status="live", terms="Be kind."
)
RewardRule.objects.create(program=program, side="referrer", title="£20 gift", amount_minor=2000)
page = HomePage.objects.get()
page.body = [("hero", {{"heading": "Bring a neighbour"}}), ("join_form", {{"heading": "Join"}}),
             ("share_panel", {{"heading": "Your link", "show_qr": True, "channels": ["whatsapp", "email"]}})]
page.save_revision().publish()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Installed, migrated, filled in, and served."""
    site = build_site(tmp_path_factory.mktemp("plain"))
    site.manage("createsuperuser", "--noinput", "--username", "boss", "--email", "boss@example.com")
    site.manage("shell", "-c", FILL.format(port=site.port))
    site.manage("collectstatic", "--noinput")
    with site.started("runserver", "--noreload", f"127.0.0.1:{site.port}"):
        wait_for(site.url + "/healthz")
        yield site


@pytest.fixture(scope="module")
def joined(site):
    """The browser of somebody who has joined, and the page that answered."""
    browser = requests.Session()
    browser.headers.update(BROWSER)
    page = BeautifulSoup(browser.get(site.url + "/").text, "html.parser")
    form = page.find("form", action="/referrals/join/")
    hidden = {i["name"]: i.get("value", "") for i in form.find_all("input", type="hidden")}
    time.sleep(1)  # nobody fills in a form faster
    typed = {"name": "Robin Example", "email": "robin@example.com", "accept_terms": "on"}
    return browser, browser.post(site.url + "/referrals/join/", data={**hidden, **typed})


def test_the_wheel_holds_the_plugin_and_nothing_of_the_repository(site):
    names = wheel_names(site.wheel)
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"referral_blocks", "graphql_api", "themes"}
    shipped = {
        path.relative_to(ROOT).as_posix()
        for top in ("referral_blocks", "graphql_api", "themes")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped - names == set()
    assert {
        "graphql_api/schema.graphql",
        "graphql_api/static/graphql_api/graphiql/graphiql.min.js",
        "graphql_api/templates/graphql_api/graphiql.html",
        "referral_blocks/migrations/0001_initial.py",
        "referral_blocks/static/referral_blocks/css/tokens.css",
        "referral_blocks/templates/referral_blocks/blocks/share_panel.html",
        "referral_blocks/templates/referral_blocks/emails/welcome.txt",
        "themes/paper/static/themes/paper/tokens.css",
        "themes/signal/static/themes/signal/tokens.css",
        "themes/street/static/themes/street/tokens.css",
    } <= names


def test_the_documents_give_code_for_settings_addresses_page_and_template():
    files = [file for file, _code in code_of(readme_steps())]
    assert files == ["mysite/settings/base.py", "mysite/urls.py"]
    how_to = (ROOT / "docs" / "how-to" / "add-to-a-site.md").read_text()
    assert [file for file, _code in code_of(how_to)] == [
        "home/models.py", "home/templates/home/home_page.html",
        "home/models.py", "home/templates/home/referral_page.html",
    ]  # fmt: skip


def test_nothing_is_left_to_check_or_to_migrate(site):
    assert "no issues" in site.manage("check")
    assert "No changes detected" in site.manage("makemigrations", "--check", "--dry-run")


def test_whoever_joins_sees_link_and_code_on_a_page_without_a_theme(site, joined):
    browser, answer = joined
    assert (answer.status_code, urlsplit(answer.url).path) == (200, "/")
    page = BeautifulSoup(answer.text, "html.parser")
    panel = page.find(id="share-panel")
    link = panel.find("input", readonly=True)["value"]
    assert re.fullmatch(re.escape(site.url) + r"/r/[A-Z0-9]+/", link)
    code = browser.get(site.url + panel.find("img", class_="rb-qr__image")["src"])
    assert (code.status_code, code.headers["Content-Type"]) == (200, "image/svg+xml")
    assert panel.find("a", class_="rb-channel").span.get_text().startswith("WhatsApp")
    assert page.html.get("data-rb-theme") is None
    friend = requests.get(link, headers=BROWSER, allow_redirects=False, timeout=10)
    assert friend.status_code == 302
    assert urlsplit(friend.headers["Location"]).path == "/"


@pytest.mark.parametrize("path", ["/", "/graphql/"])
def test_every_style_and_script_was_collected_under_a_name_of_its_content(site, path):
    page = BeautifulSoup(
        requests.get(site.url + path, headers={**BROWSER, "Accept": "text/html"}, timeout=10).text, "html.parser"
    )
    found = [t.get("href") or t.get("src") for t in page.find_all(["link", "script", "img"])]
    ours = [a for a in found if a and re.search("/(referral_blocks|graphql_api)/", a) and a.startswith("/static/")]
    assert len(ours) >= 2
    for address in ours:
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", address), address
        assert (site.folder / address.lstrip("/")).is_file(), address


def test_the_admin_has_the_referrals_menu_and_each_of_its_pages_opens(site):
    staff = requests.Session()
    login = site.url + "/admin/login/"
    staff.get(login)
    staff.post(
        login, data={"username": "boss", "password": PASSWORD, "csrfmiddlewaretoken": staff.cookies["csrftoken"]}
    )
    home = BeautifulSoup(staff.get(site.url + "/admin/").text, "html.parser")
    sidebar = json.loads(home.find("script", id="wagtail-sidebar-props").string)
    menu = next(i for i in _items(sidebar) if "_args" in i and '"label": "Referrals"' in json.dumps(i["_args"][0]))
    addresses = [item["url"] for item in _items(menu) if str(item.get("url", "")).startswith("/admin/")]
    assert len(addresses) > 10
    assert {a: c for a in addresses if (c := staff.get(site.url + a).status_code) != 200} == {}


def _items(node):
    """Every dictionary within the sidebar's packed data."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _items(child)


def test_the_api_answers(site):
    asked = {"query": '{ program(slug: "neighbours") { name } }'}
    answer = requests.post(site.url + "/graphql/", json=asked, timeout=10)
    assert (answer.status_code, answer.json()["data"]) == (200, {"program": {"name": "Bring a neighbour"}})
    assert "errors" not in answer.json()


def test_the_worker_sends_the_welcome_mail(site, joined):
    mails = Path(site.folder / "mail")
    with site.started("referral_worker"):
        until = time.monotonic() + 60
        while not list(mails.glob("*.log")) and time.monotonic() < until:
            time.sleep(0.2)
    text = "".join(mail.read_text() for mail in mails.glob("*.log"))
    assert "To: robin@example.com" in text
    assert "From: referrals@example.com" in text
