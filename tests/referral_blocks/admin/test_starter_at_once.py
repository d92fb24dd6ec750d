"""The same form of a starter, sent many times at one moment."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from cms.pages.models import LandingPage
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule
from tests.at_once import at_once

from .test_starter import PAGES, filled, home, url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browsers():
    user = User.objects.create_superuser("owner", "owner@example.com", "secret")
    clients = [Client() for _ in range(6)]
    for client in clients:
        client.force_login(user)
    return clients


def test_one_form_sent_six_times_at_once_makes_one_programme_with_one_page_of_each_kind(browsers):
    form = filled(browsers[0])
    before = home().numchild
    replies = at_once(lambda number: browsers[number].post(url(), form), threads=6)
    assert [reply.status_code for reply in replies] == [302] * 6
    assert {reply.url for reply in replies} == {reverse("wagtailadmin_pages:edit", args=[LandingPage.objects.get().pk])}
    assert (Program.objects.count(), RewardRule.objects.count()) == (1, 2)
    assert [model.objects.count() for model in PAGES] == [1] * 4
    assert home().numchild == before + 4


def test_six_forms_at_once_make_six_programmes_and_a_sound_tree(browsers):
    forms = [filled(client, name=f"Programme {number}") for number, client in enumerate(browsers)]
    replies = at_once(lambda number: browsers[number].post(url(), forms[number]), threads=6)
    assert len({reply.url for reply in replies}) == 6
    pages = [page for model in PAGES for page in model.objects.all()]
    assert (Program.objects.count(), len(pages), home().numchild) == (6, 24, 24)
    assert len({page.path for page in pages}) == len({page.slug for page in pages}) == 24
    assert not any(Page.find_problems())
