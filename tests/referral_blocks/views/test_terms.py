"""Terms in the version that somebody accepted."""

import pytest
from django.test import Client
from wagtail.models import Site

from referral_blocks.programs.models import ProgramStatus
from referral_blocks.programs.services import current_terms
from tests.make import make_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    program = make_program(terms="Be kind.")
    current_terms(program=program)
    program.terms = "<b>Be kinder.</b>"
    program.save()
    current_terms(program=program)
    return program


def test_each_version_keeps_its_text_and_says_whether_it_is_in_force(client, program):
    old = client.get("/referrals/terms/neighbours/1/")
    new = client.get("/referrals/terms/neighbours/2/").content.decode()
    html = old.content.decode()
    assert "Be kind." in html
    assert "no longer in force" in html
    assert old["X-Robots-Tag"] == "noindex"
    assert "&lt;b&gt;Be kinder.&lt;/b&gt;" in new
    assert "no longer in force" not in new
    assert 'href="/referrals/terms/neighbours/1/"' in new


@pytest.mark.parametrize("path", ["neighbours/3/", "neighbours/0/", "nobody/1/", "neighbours/99999999999999999999/"])
def test_what_there_is_not_is_not_found(client, program, path):
    assert client.get(f"/referrals/terms/{path}").status_code == 404


def test_a_draft_shows_its_terms_to_nobody(client, program):
    program.status = ProgramStatus.DRAFT
    program.save()
    assert client.get("/referrals/terms/neighbours/1/").status_code == 404


def test_another_sites_terms_are_not_found(program):
    Site.objects.create(hostname="other.example", root_page=Site.objects.get().root_page)
    assert Client(headers={"host": "other.example"}).get("/referrals/terms/neighbours/1/").status_code == 404
