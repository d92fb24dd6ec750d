import pytest
from django.test import RequestFactory
from wagtail.models import PageViewRestriction, Site

from cms.pages.models import HomePage, LandingPage
from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.links.services import add_visit
from referral_blocks.referrals.attribution import TOKEN_PARAMETER, visit_token
from referral_blocks.referrers.session import make_session, session_cookie
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page, make_share_page

pytestmark = pytest.mark.django_db


def token_for(program, link):
    return visit_token(
        code=link.code, program_id=program.pk, visit=add_visit(link=link, program_id=program.pk, ip_hash="")
    )


def test_the_first_published_pages_become_the_programmes_pages():
    program = make_program()
    landing, share = make_landing_page(program), make_share_page(program)
    make_landing_page(program, slug="second")
    program.refresh_from_db()
    assert (program.landing_page_id, program.share_page_id) == (landing.pk, share.pk)


def test_a_draft_becomes_the_programmes_page_only_when_it_is_published():
    program = make_program()
    page = make_landing_page(program, live=False)
    page.save_revision()
    program.refresh_from_db()
    assert program.landing_page_id is None
    page.save_revision().publish()
    program.refresh_from_db()
    assert program.landing_page_id == page.pk


def test_an_anonymous_visitor_gets_no_cookie_and_no_session_and_the_page_may_be_kept_for_a_minute(client):
    program = make_program()
    make_landing_page(program)
    make_share_page(program)
    for path in ("/landing/", "/share/"):
        response = client.get(path)
        assert response.status_code == 200
        assert not response.cookies
        assert response["Vary"] == "Cookie"
        assert response["Cache-Control"] == "public, max-age=0, s-maxage=60"


def test_a_page_without_anything_personal_is_the_same_for_everybody(client):
    make_landing_page(make_program(), body=[("steps", {})])
    response = client.get("/landing/")
    assert "Vary" not in response
    assert "Cache-Control" not in response


@pytest.mark.parametrize("by", ["address", "cookie", "session"])
def test_what_was_said_to_one_visitor_is_kept_out_of_shared_caches(client, by):
    program = make_program()
    make_landing_page(program)
    make_share_page(program)
    link = make_link(program)
    token, path, query = token_for(program, link), "/landing/", {}
    if by == "address":
        query = {TOKEN_PARAMETER: token}
    elif by == "cookie":
        client.cookies[cookie_name(program)] = token
    else:
        path, client.cookies[session_cookie(program)] = (
            "/share/",
            make_session(link.referrer, verified=False, code=link.code),
        )
    response = client.get(path, query)
    assert response["Cache-Control"] == "private, no-store"
    assert "Cookie" in response["Vary"]


def test_a_page_that_was_never_saved_can_be_previewed_without_a_programme():
    page = LandingPage(title="New", slug="new", body=[("hero", {}), ("friend_form", {}), ("share_panel", {})])
    request = RequestFactory().get("/")
    response = page.make_preview_request(request)
    html = response.render().content.decode() if hasattr(response, "render") else response.content.decode()
    assert response.status_code == 200
    assert "This block needs a programme" in html


def test_the_home_page_may_be_empty(client):
    site = Site.objects.get()
    home = site.root_page.add_child(instance=HomePage(title="Home", slug="front"))
    assert client.get(home.get_url()).status_code == 200


def test_a_private_page_stays_private_when_its_form_is_sent(client):
    program = make_program()
    page = make_landing_page(program)
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.PASSWORD, password="x")
    response = client.post("/referrals/friend/", {"program": program.slug, "page": "/landing/", "email": "bad"})
    assert response.status_code == 422
    assert b"rb-hero" not in response.content
    assert b'value="bad"' in response.content
