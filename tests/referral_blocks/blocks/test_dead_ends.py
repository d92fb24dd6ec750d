"""Buttons that lead nowhere: editors read what to do, visitors see nothing broken."""

import re

import pytest

from referral_blocks.referrers.session import make_session, session_cookie
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page, make_portal_page, make_share_page

pytestmark = pytest.mark.django_db

HERO = {"heading": "Hello", "action_text": "Go on", "action_aim": "friend_form"}
BAR = {"text": "Come in", "action_text": "Go on"}


def looked_at(client, page):
    """The page as its visitor reads it, and as its editor does in the preview."""
    preview = page.make_preview_request(preview_mode="visitor").render().content.decode()
    return client.get(page.url).content.decode(), preview


def test_a_button_to_a_block_that_is_not_there(client):
    page = make_landing_page(make_program(), body=[("hero", HERO), ("cta_bar", {**BAR, "action_aim": "join_form"})])
    visitor, preview = looked_at(client, page)
    assert "no such block" not in visitor
    assert "“The friend’s form on this page”, but there is no such block here" in preview
    assert "“The join form on this page”, but there is no such block here" in preview


@pytest.mark.parametrize("aim", ["friend_form", "standing"])
def test_a_button_to_a_block_that_is_there(client, aim):
    body = [("cta_bar", {**BAR, "action_aim": aim}), ("friend_form", {}), ("rewards_table", {})]
    visitor, preview = looked_at(client, make_landing_page(make_program(), body=body))
    assert f'href="#{aim.replace("_", "-")}"' in visitor
    assert f'id="{aim.replace("_", "-")}"' in visitor
    assert "no such block" not in preview


def test_a_button_to_a_page_that_was_deleted_or_taken_down(client):
    program = make_program()
    portal = make_portal_page(program, body=[])
    page = make_landing_page(program, body=[("cta_bar", {**BAR, "action_aim": "portal_page"})])

    def look():
        return ["Go on" in html for html in looked_at(client, page)], "but none is published" in looked_at(
            client, page
        )[1]

    assert look() == ([True, True], False)
    portal.unpublish()
    assert look() == ([False, False], True)
    portal.delete()
    assert look() == ([False, False], True)


@pytest.mark.parametrize("has_panel", [True, False])
def test_whoever_has_joined_is_led_to_their_link_wherever_it_is(client, has_panel):
    program = make_program()
    make_share_page(program)
    body = [("cta_bar", {**BAR, "action_aim": "join_form"}), ("join_form", {})]
    page = make_landing_page(program, body=[*body, ("share_panel", {})] if has_panel else body)
    referrer = make_link(program).referrer
    client.cookies[session_cookie(program)] = make_session(referrer, verified=True)
    html = client.get(page.url).content.decode()
    link = re.search(r'href="([^"]+)">Go to my link', html).group(1)
    assert link.endswith("#share-panel" if has_panel else "/share/")
