"""Every page of ours has one main heading: a hero's, or the page's title."""

import re

import pytest
from django.test import RequestFactory
from wagtail.models import Site

from cms.pages.models import HomePage
from referral_blocks.blocks.stream import referral_blocks
from tests.make import make_program
from tests.make_pages import make_landing_page, make_share_page

from .previewing import make_portal_page, make_terms_page

pytestmark = pytest.mark.django_db


def headings(client, path):
    return re.findall(r"<h1[^>]*>(.*?)</h1>", client.get(path).content.decode())


def test_without_a_hero_the_title_heads_the_page_and_is_escaped(client):
    program = make_program()
    make_portal_page(program)
    make_terms_page(program)
    make_landing_page(program, body=[("steps", {}), ("friend_form", {})])
    make_share_page(program, body=[])
    front = Site.objects.get().root_page
    front.add_child(instance=HomePage(title="<b>Home</b> & more", slug="front"))
    assert headings(client, "/mine/") == ["Your page"]
    assert headings(client, "/terms/") == ["The small print"]
    assert headings(client, "/landing/") == ["Landing"]
    assert headings(client, "/share/") == ["Share"]
    assert headings(client, "/front/") == ["&lt;b&gt;Home&lt;/b&gt; &amp; more"]


@pytest.mark.parametrize("before", [0, 1])
def test_a_hero_heads_the_page_wherever_it_stands_and_only_the_first(client, before):
    body = [*[("steps", {})] * before, ("hero", {"heading": "First"}), ("hero", {"heading": "Second"})]
    make_landing_page(make_program(), body=body)
    assert headings(client, "/landing/") == ["First"]


def test_a_form_that_was_refused_leaves_one_heading(client):
    program = make_program()
    make_landing_page(program, body=[("friend_form", {})])
    sent = {"program": program.slug, "page": "/landing/", "email": "bad", "form": "friend-form"}
    response = client.post("/referrals/friend/", sent)
    assert response.status_code == 422
    assert response.content.decode().count("<h1") == 1


@pytest.mark.parametrize("name", [name for name, _block in referral_blocks()])
def test_only_blocks_that_say_so_have_a_main_heading(name):
    block = dict(referral_blocks())[name]
    request = RequestFactory().get("/")
    context = block.get_preview_context(block.get_preview_value(), {"request": request})
    html = block.render(block.get_preview_value(), {**context, "request": request})
    assert html.count("<h1") == int(block.heads_page)
