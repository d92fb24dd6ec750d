"""The editor of a page reads which blocks visitors cannot see."""

import pytest
from wagtail.models import Site

from referral_blocks.admin.block_troubles import page_troubles
from referral_blocks.programs.models import Program, ProgramStatus
from tests.make import make_program
from tests.make_pages import make_landing_page

pytestmark = pytest.mark.django_db

BODY = [("hero", {}), ("friend_form", {}), ("terms", {})]


def test_a_page_without_a_fault_says_nothing(admin_client):
    page = make_landing_page(make_program(), body=BODY)
    assert page_troubles(page) == []
    html = admin_client.get(f"/admin/pages/{page.pk}/edit/").content.decode()
    assert "Some blocks of this page need you" not in html


def test_the_editor_is_told_once_for_all_blocks_of_a_kind_of_trouble(admin_client):
    program = make_program(status=ProgramStatus.PAUSED, name="<b>Bring</b>")
    page = make_landing_page(program, body=BODY)
    [(text, labels)] = page_troubles(page)
    assert text == "“<b>Bring</b>” is paused. Visitors read here that it is taking a break."
    assert labels == ["Hero with greeting and offer", "Friend’s form"]
    html = admin_client.get(f"/admin/pages/{page.pk}/edit/").content.decode()
    assert "Some blocks of this page need you" in html
    assert "“&lt;b&gt;Bring&lt;/b&gt;” is paused" in html


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: None, "This block needs a programme"),
        (lambda: make_program(status=ProgramStatus.DRAFT), "is a draft"),
        (lambda: make_program(terms=""), "has no terms"),
    ],
)
def test_each_trouble_says_what_to_do(make, said):
    page = make_landing_page(make(), body=[("terms", {})])
    [(text, _labels)] = page_troubles(page)
    assert said in text


def test_a_deleted_programme_is_named_as_gone():
    program = make_program()
    page = make_landing_page(None, body=[("offer_cards", {"program": program.pk}), ("faq", {})])
    Program.objects.all().delete()
    [(text, labels)] = page_troubles(page)
    assert "was deleted, or belongs to another site" in text
    assert labels == ["Offer cards"]


def test_a_programme_of_another_site_is_trouble():
    site = Site.objects.create(
        hostname="other.example", root_page=Site.objects.get().root_page.add_child(title="Other")
    )
    page = make_landing_page(make_program(site=site, slug="other"), body=[("terms", {})])
    [(text, _labels)] = page_troubles(page)
    assert "belongs to another site" in text


@pytest.mark.parametrize(
    ("aim", "said"),
    [
        ("join_form", "“The join form on this page”, but there is no such block"),
        ("share_page", "“The programme’s share page”, but none is published"),
    ],
)
def test_a_button_that_leads_nowhere_is_trouble(aim, said):
    page = make_landing_page(make_program(), body=[("cta_bar", {"action_aim": aim, "action_text": "Go"})])
    [(text, _labels)] = page_troubles(page)
    assert said in text
