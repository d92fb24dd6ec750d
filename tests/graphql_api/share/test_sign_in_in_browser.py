"""How <referral-share> signs in and out in a real browser, alone, beside others and in other tabs."""

import pytest
from playwright.sync_api import expect

from referral_blocks.emails.models import Email
from referral_blocks.referrers.models import SignIn
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.referrers.sign_ins import revoke_sign_ins
from tests.looks.axe import violations
from tests.mailbox import look_up
from tests.make import make_link, make_program
from tests.referral_blocks.blocks.test_portal_blocks import with_history

from .elsewhere import ELEMENT
from .steps import heard, pass_time, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


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


def test_an_expired_access_token_is_renewed_and_a_revoked_sign_in_shows_nothing_more(shop, open_tab, settings):
    referrer = with_history(1)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "API_ACCESS_SECONDS": 40}
    page = open_tab()
    page.clock.install()
    sign_in(page, shop, referrer)
    pass_time(page, seconds=31)
    assert SignIn.objects.get().generation == 2
    expect(page.get_by_text("Visits")).to_be_visible()
    revoke_sign_ins(person_id=referrer.person_id)
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
    assert SignIn.objects.count() == 1
    assert violations(page) == []
    page.reload()
    expect(first).to_contain_text("Visits")
    expect(second).to_contain_text("Visits")
    assert SignIn.objects.get().revoked_at is None  # the refresh token, which works once, was used once
    second.get_by_role("button", name="Sign out").click()
    for element in (first, second):
        expect(element.get_by_role("button", name="Get my link")).to_be_visible()
    assert SignIn.objects.get().revoked_at is not None
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
    assert SignIn.objects.get().revoked_at is None


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
    assert (SignIn.objects.get().revoked_at, SignIn.objects.get().generation) == (None, 3)


@pytest.mark.urls("tests.graphql_api.share.own_page")
def test_on_the_sites_own_pages_the_cookie_says_who_looks(site, open_tab):
    referrer = with_history(1)
    page = open_tab()
    page.goto(site + "/own/")
    page.get_by_role("button", name="Get my link").wait_for()
    for verified, text in ((False, "Open the sign-in link in our e-mail"), (True, "Visits")):
        session = make_session(referrer, verified=verified, code=referrer.links.first().code)
        page.context.add_cookies([{"name": session_cookie(referrer.program), "value": session, "url": site}])
        page.reload()
        expect(page.locator("referral-share")).to_contain_text(text)
        expect(page.get_by_role("textbox", name="Your link")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Get my link")).to_be_visible()
    assert not [c for c in page.context.cookies() if c["name"] == session_cookie(referrer.program)]
    row = SignIn.objects.get()
    assert (row.kind, row.revoked_at is None, page.evaluate("sessionStorage.length")) == ("browser", False, 0)
