"""The page of one's data in a browser: on a phone, by keyboard, by day and by night, without a script of its own."""

import os
import re

import pytest
from wagtail.models import Site

from referral_blocks.people.data_page import page_url
from referral_blocks.people.models import PersonErasure
from tests.browser import chromium
from tests.referral_blocks.blocks.test_in_browser import open_page
from tests.referral_blocks.blocks.test_portal_blocks import with_history
from tests.referral_blocks.blocks.test_portal_in_browser import sound

pytestmark = pytest.mark.django_db(transaction=True)
SHOTS = os.environ.get("SHOTS")


def shot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_the_whole_way_on_a_phone(live_server):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port))
    person = with_history(3).person
    path = page_url(person=person, site=Site.objects.get(is_default_site=True)).removeprefix(live_server.url)
    with chromium() as browser:
        page = open_page(browser, live_server, "/referrals/your-data/")
        sound(page)
        shot(page, "ask-phone")
        page = open_page(browser, live_server, path, scheme="dark")
        sound(page)
        shot(page, "page-dark-phone")
        page = open_page(browser, live_server, path)
        sound(page)
        shot(page, "page-phone")
        with page.expect_download() as got:
            page.get_by_role("button", name="Download my data").press("Enter")
        assert got.value.suggested_filename.startswith("my-data-")
        page.get_by_role("button", name="Erase my data for good").click()
        assert page.evaluate("document.activeElement.name") == "give_up"  # the browser itself asks for it
        page.get_by_label("I give up what I have not received").check()
        page.get_by_label("I know that this cannot be undone").check()
        page.get_by_role("button", name="Erase my data for good").click()
        page.get_by_role("heading", name="Your data is being erased").wait_for()
        sound(page)
        shot(page, "erased-phone")
    assert PersonErasure.objects.get().person == person
