"""The example front-end of docs/examples/storefront: its types fit the schema, it is built, and a browser drives it."""

import os
import re
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from wagtail.models import Site

from referral_blocks.emails.compose import compose
from referral_blocks.emails.models import Email
from referral_blocks.referrals.models import Referral
from tests.browser import chromium, missing
from tests.looks.axe import violations
from tests.mailbox import look_up
from tests.make_pages import make_landing_page
from tests.processes import ROOT
from tests.referral_blocks.blocks.test_portal_blocks import with_history

from .node import NODE, NPM

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
SOURCE = ROOT / "docs" / "examples" / "storefront"
KEPT = ROOT / "var" / "storefront"  # beside the sources, so that no test of ours walks through its packages
MADE = ("node_modules", "dist", "gql")


@pytest.fixture(scope="module")
def built() -> Path:
    """The folder with the built app; packages are fetched when the lock has changed."""
    shutil.copytree(SOURCE, KEPT, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*MADE))
    lock, installed = (SOURCE / "package-lock.json").read_text(), KEPT / "node_modules" / ".installed-from"
    if not installed.exists() or installed.read_text() != lock:
        done = npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
        if done.returncode:
            missing(f"the packages of the example cannot be installed: {done.stderr.strip()[-300:]}")
        installed.write_text(lock)
    done = npm("run", "build")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return KEPT / "dist"


def npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SCHEMA": str(ROOT / "graphql_api" / "schema.graphql")}
    env["PATH"] = f"{NODE.parent}{os.pathsep}{env['PATH']}"
    command = [str(NODE), str(NPM), *arguments]
    return subprocess.run(command, cwd=KEPT, env=env, capture_output=True, text=True, check=False, timeout=500)


class App(SimpleHTTPRequestHandler):
    """A host of files, under a policy as strict as the site's own: every address of the app is its one page."""

    config, policy = "", ""

    def do_GET(self) -> None:
        if self.path == "/config.json":
            body = self.config.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        if not Path(self.translate_path(self.path)).is_file():
            self.path = "/index.html"
        super().do_GET()

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_message(self, *_given: object) -> None:
        pass


@pytest.fixture
def shop(built, live_server, settings):
    """The app's address, allowed by the site."""
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port))
    site = live_server.url
    policy = (
        f"default-src 'none'; script-src 'self' {site}; style-src 'self'; connect-src 'self' {site}; img-src {site}"
    )
    config = f'{{"api": "{site}/graphql/", "program": "neighbours", "page": "/landing/"}}'
    app = type("Configured", (App,), {"config": config, "policy": policy})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(app, directory=str(built)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    settings.REFERRAL_BLOCKS = {
        **settings.REFERRAL_BLOCKS,
        "API_CORS_ORIGINS": {"*": (address,)},
        "SIGN_IN_RETURN_ADDRESSES": {"*": (f"{address}/",)},
    }
    yield address
    server.shutdown()
    server.server_close()


def test_a_friend_claims_the_offer_and_the_referrer_sees_it(shop):
    referrer = with_history(1)
    make_landing_page(referrer.program)
    code, wrong = referrer.links.first().code, []
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("pageerror", lambda error: wrong.append(str(error)))
        # 501: this process has no streams, which browsers note and the element takes in its stride.
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" and "501" not in m.text else None)

        page.goto(f"{shop}/?code={code}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Windows so clean, the neighbours talk")
        expect(page.get_by_text("How it works")).to_be_visible()
        assert violations(page) == []
        page.get_by_role("textbox", name="Name").fill("Lee Example")
        page.get_by_role("textbox", name="E-mail").fill("lee@")
        page.get_by_label("I accept the terms").check()
        page.get_by_role("button", name="Claim my offer").click()
        expect(page.get_by_text("“lee@” is not an e-mail address.")).to_be_visible()
        assert not Referral.objects.filter(friend_name="Lee Example").exists()
        page.get_by_role("textbox", name="E-mail").fill("lee@example.com")
        page.get_by_role("button", name="Claim my offer").click()
        expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
        assert Referral.objects.get(friend__email="lee@example.com").referrer == referrer

        page.goto(f"{shop}/dashboard")
        page.get_by_role("textbox", name="E-mail").fill(referrer.person.email)
        page.get_by_role("button", name="Mail me a sign-in link").click()
        expect(page.get_by_text("If this address has joined")).to_be_visible()
        assert look_up() == 1
        mail = compose(Email.objects.filter(kind="sign_in").latest("pk"))
        link = re.search(r"http\S+#referral-sign-in=\S+", mail.body)[0]
        assert link.startswith(f"{shop}/dashboard#")
        page.goto("about:blank")
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_have_text("Hello Robin")
        figures = dict(zip(page.locator("dt").all_inner_texts(), page.locator("dd").all_inner_texts(), strict=True))
        assert (figures["Friends"], figures["Customers"]) == ("2", "1")
        assert (page.url, violations(page)) == (f"{shop}/dashboard", [])
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Hello Robin")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        join_by_the_element(page, shop)
    assert wrong == []


def join_by_the_element(page: Page, shop: str) -> None:
    page.goto(f"{shop}/friends")
    expect(page.get_by_role("button", name="Get my link")).to_be_visible()
    accent = page.get_by_role("button", name="Get my link").evaluate("b => getComputedStyle(b).backgroundColor")
    assert accent == "rgb(14, 79, 59)"  # the shop's own green, through its tokens
    assert violations(page) == []
    page.get_by_role("textbox", name="Name").fill("Sam Example")
    page.get_by_role("textbox", name="E-mail").fill("sam@example.com")
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Get my link").click()
    expect(page.get_by_role("textbox", name="Your link")).to_have_value(re.compile(r"/r/\w+/$"))
    mail = compose(Email.objects.get(kind="welcome", person__email="sam@example.com"))
    page.goto("about:blank")
    page.goto(re.search(r"http\S+#referral-sign-in=\S+", mail.body)[0])
    expect(page.get_by_text("Nobody yet. Share your link to get going.")).to_be_visible()
    assert page.url == f"{shop}/friends"
