"""Visitors of all kinds through a shared cache: none is ever handed what was said to another."""

import http.cookiejar
import urllib.request

import pytest
from wagtail.models import Site

from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.referrers.session import make_session, make_sign_in_token, session_cookie
from tests.browser import chromium
from tests.caching_proxy import caching_proxy
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page, make_share_page

pytestmark = pytest.mark.django_db(transaction=True)

AGENT = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"
NAMES = ("Alex", "Robin")


@pytest.fixture
def people(live_server):
    """Two referrers who may be named, and the pages that their friends and they see."""
    program = make_program()
    make_landing_page(program)
    make_share_page(program)
    links = {name: make_link(program, email=f"{name}@example.com", name=f"{name} Example") for name in NAMES}
    program.refresh_from_db()
    return program, links


def on(address):
    host, port = address.removeprefix("http://").split(":")
    Site.objects.update(hostname=host, port=int(port))
    Site.clear_site_root_paths_cache()


class Visitor:
    def __init__(self, address):
        self.address, self.jar = address, http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.opener.addheaders = [("User-Agent", AGENT)]

    def open(self, path):
        self.response = self.opener.open(self.address + path, timeout=20)
        return self.response.read().decode()


def names_in(html):
    return {name for name in NAMES if name in html}


def everybody(address, links):
    """Each kind of visitor: (the names that they may read, and what they open)."""
    stranger = lambda: (set(), [Visitor(address).open(path) for path in ("/landing/", "/share/")])  # noqa: E731

    def friend(name):
        visitor = Visitor(address)
        return {name}, [visitor.open(f"/r/{links[name].code}/"), visitor.open("/landing/"), visitor.open("/share/")]

    def referrer(name):
        visitor = Visitor(address)
        signed_in = visitor.open(f"/referrals/sign-in/{make_sign_in_token(links[name].referrer)}/")
        assert links[name].code in signed_in, "without a script, too: the redirect leads past every cache"
        return {name}, [signed_in, visitor.open("/share/"), visitor.open("/share/?rb=me")]

    yield "stranger", stranger
    for name in NAMES:
        yield f"friend of {name}", lambda name=name: friend(name)
        yield f"{name}", lambda name=name: referrer(name)


@pytest.mark.parametrize("honours_vary", [True, False])
def test_nobody_reads_anothers_name_or_code_in_whatever_order_they_come(live_server, people, honours_vary):
    _program, links = people
    with caching_proxy(live_server.url, honours_vary=honours_vary) as (address, cache):
        on(address)
        kinds = dict(everybody(address, links))
        for order in (list(kinds), list(reversed(kinds)), ["Robin", "friend of Alex", "stranger", "friend of Robin"]):
            cache.stored.clear()
            for kind in order:
                allowed, seen = kinds[kind]()
                for html in seen:
                    assert names_in(html) <= allowed, (kind, order)
                    codes = {name for name in NAMES if links[name].code in html}
                    assert codes <= allowed, (kind, order)
        assert cache.stored, "something was kept"
        for _until, _status, headers, body in cache.stored.values():
            assert names_in(body.decode()) == set()
            assert "set-cookie" not in {name.lower() for name, _value in headers}


@pytest.mark.parametrize("honours_vary", [True, False])
def test_strangers_are_handed_one_copy_and_a_friend_their_own_page(live_server, people, honours_vary):
    _program, links = people
    with caching_proxy(live_server.url, honours_vary=honours_vary) as (address, _cache):
        on(address)
        how = []
        for _ in range(3):
            stranger = Visitor(address)
            stranger.open("/landing/")
            how.append(stranger.response.headers["X-Cache"])
        assert how == ["miss", "hit", "hit"]
        friend = Visitor(address)
        arrival = friend.open(f"/r/{links['Alex'].code}/")
        assert (names_in(arrival), friend.response.headers["X-Cache"]) == ({"Alex"}, "miss")
        assert {c.name for c in friend.jar} >= {"rb_hint"}
        back = friend.open("/landing/")
        assert names_in(back) == ({"Alex"} if honours_vary else set())
        assert names_in(friend.open("/landing/?rb=me")) == {"Alex"}


def test_a_browser_behind_a_cache_that_ignores_cookies_looks_again_once(live_server, people):
    program, links = people
    with caching_proxy(live_server.url, honours_vary=False) as (address, _cache), chromium() as browser:
        on(address)
        Visitor(address).open("/landing/")
        Visitor(address).open("/share/")

        def visit(path, cookies):
            context = browser.new_context(user_agent=AGENT)
            context.add_cookies([{"name": n, "value": v, "url": address} for n, v in cookies.items()])
            page, opened, problems = context.new_page(), [], []
            page.on("request", lambda r: opened.append(r.url) if r.is_navigation_request() else None)
            page.on("console", lambda m: problems.append(m.text) if "Content Security Policy" in m.text else None)
            page.goto(address + path)
            page.wait_for_load_state("networkidle")
            shown = page.content(), page.url, [url.removeprefix(address) for url in opened]
            left = {cookie["name"] for cookie in context.cookies()}
            context.close()
            assert problems == []
            return (*shown, left)

        friend = Visitor(address)
        friend.open(f"/r/{links['Alex'].code}/")
        cookies = {cookie.name: cookie.value for cookie in friend.jar}
        html, url, opened, left = visit("/landing/?utm_source=mail", cookies)
        assert names_in(html) == {"Alex"}
        # The first copy of this address is the friend's own; the plain one was made for a stranger.
        html, url, opened, left = visit("/landing/", cookies)
        assert (names_in(html), url) == ({"Alex"}, address + "/landing/"), "and the address is as it was"
        assert opened == ["/landing/", "/landing/?rb=me"]
        assert left == {cookie_name(program), "rb_hint"}

        session = make_session(links["Robin"].referrer, verified=True)
        html, url, opened, left = visit("/share/", {session_cookie(program): session, "rb_hint": "1"})
        assert (links["Robin"].code in html, opened) == (True, ["/share/", "/share/?rb=me"])

        html, url, opened, left = visit("/landing/", {"rb_hint": "1"})
        assert (names_in(html), opened, left) == (set(), ["/landing/", "/landing/?rb=me"], set()), (
            "no loop, and no hint"
        )
        html, url, opened, left = visit("/landing/", {})
        assert (names_in(html), opened) == (set(), ["/landing/"])
