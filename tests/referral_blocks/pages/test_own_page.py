"""Where “your rewards” leads: the referrers' own page, or the share page where that one cannot be visited."""

import pytest

from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.referrers.session import make_sign_in_token
from referral_blocks.views.payout_accounts import account_urls
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page, make_share_page

from .previewing import make_portal_page, make_terms_page, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return make_program()


def sign_in(client, program, link):
    location = client.get(f"/referrals/sign-in/{make_sign_in_token(link.referrer)}/").headers["Location"]
    return location.partition("?")[0]


def test_signing_in_leads_to_the_own_page_else_the_share_page_else_the_front_page(client, program):
    link = make_link(program)
    assert sign_in(client, program, link) == "http://localhost/"
    share = make_share_page(program)
    assert sign_in(client, program, link) == "http://localhost/share/"
    own = make_portal_page(program)
    assert sign_in(client, program, link) == "http://localhost/mine/"
    own.unpublish()
    assert sign_in(client, program, link) == "http://localhost/share/"
    share.unpublish()
    assert sign_in(client, program, link) == "http://localhost/"


def test_the_own_page_shows_who_signed_in_what_is_theirs(client, program):
    link = make_link(program)
    make_portal_page(program)
    page = client.get(f"/referrals/sign-in/{make_sign_in_token(link.referrer)}/", follow=True)
    text = words(page.content.decode())
    assert "Your friends and rewards Visits 0 Friends 0 Customers 0" in text
    assert "Signed in as Robin Example." in text


@pytest.mark.parametrize("is_ready", [False, True])
def test_from_the_payout_provider_people_come_back_to_their_own_page(client, program, is_ready):
    person = make_link(program).referrer.person
    make_share_page(program)
    make_portal_page(program)
    urls = account_urls(person=person, provider="manual", program=program)
    if is_ready:
        PayoutAccount.objects.create(person=person, provider="manual", state="ready")
        assert client.get(urls.refresh_url).headers["Location"] == "http://localhost/mine/"
    html = client.get(urls.return_url).content.decode()
    assert 'href="http://localhost/mine/">To your friends and rewards</a>' in html


def test_buttons_of_blocks_may_lead_to_the_new_pages(client, program):
    bars = [("cta_bar", {"action_text": f"To {aim}", "action_aim": aim}) for aim in ("portal_page", "terms_page")]
    make_landing_page(program, body=bars)
    assert "To portal_page" not in client.get("/landing/").content.decode()
    make_portal_page(program)
    make_terms_page(program)
    html = client.get("/landing/").content.decode()
    assert 'href="http://localhost/mine/">To portal_page</a>' in html
    assert 'href="http://localhost/terms/">To terms_page</a>' in html


def test_a_form_shows_the_very_terms_and_links_to_their_page(client, program):
    make_landing_page(program, body=[("friend_form", {})])
    assert "The terms on a page of their own" not in client.get("/landing/").content.decode()
    page = make_terms_page(program)
    html = client.get("/landing/").content.decode()
    assert "I accept the terms Read the terms Be kind. The terms on a page of their own (opens a new tab)" in words(
        html
    )
    assert '<a href="http://localhost/terms/" target="_blank" rel="noopener">' in html
    page.unpublish()
    assert "The terms on a page of their own" not in client.get("/landing/").content.decode()


def test_a_terms_page_has_the_terms_in_force_and_their_version(client, program):
    make_terms_page(program)
    assert "Be kind." in client.get("/terms/").content.decode()
    make_link(program)  # somebody accepts them
    html = client.get("/terms/").content.decode()
    assert 'href="/referrals/terms/neighbours/1/"' in html
    program.terms = "Be kinder."
    program.save()
    text = words(client.get("/terms/").content.decode())
    assert "Be kinder." in text
    assert "Be kind." not in text
