"""Our own views in the admin under every rule of axe; what Wagtail's own markup breaks is named, element by element."""

import re

import pytest
from django.urls import reverse
from wagtail.models import Collection, Site

from referral_blocks.theming.models import SiteTheme
from referral_blocks.webhooks.endpoints.models import WebhookEndpoint
from tests.browser import chromium
from tests.looks.axe import violations
from tests.looks.states import calm
from tests.make import make_program, make_referral
from tests.make_pages import make_landing_page, use_theme

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
VIEWS = [
    "referral_programs:list", "referral_programs:add", "referral_themes:index", "referral_reward_desk:index",
    "referral_handover_desk:index", "referral_review_desk:index", "referral_claim_desk:index", "referral_runs:index",
    "referral_runs:plan", "referral_payout_desk:index", "referral_sending:index", "referral_referrers:index",
    "referral_friends:index", "referral_sales:index", "referral_sales:record", "referral_imports:start",
    "referral_rewards:index", "referral_payouts:index", "referral_limits:index", "referral_providers:index",
    "referral_coupons:import", "referral_reports:owed", "referral_reports:funnel", "referral_api_keys:index",
    "referral_webhooks:index", "referral_webhooks:add", "referral_webhook_deliveries:index",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser, live_server, admin_client):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port), site_name="Bright Windows")
    if not Collection.objects.exists():
        Collection.add_root(name="Root")
    context = browser.new_context(**calm("light", 1400))
    context.add_cookies(
        [{"name": "sessionid", "value": admin_client.cookies["sessionid"].value, "url": live_server.url}]
    )
    yield context.new_page()
    context.close()


def test_our_views_can_be_used_by_everybody(page, live_server):
    program = make_program()
    make_referral(program)
    landing = make_landing_page(program)
    use_theme("street")
    endpoint = WebhookEndpoint.objects.create(site=program.site, url="https://hooks.example.com/", secret=b"x")
    rows = {
        "referral_programs:edit": program.pk,
        "referral_themes:edit": SiteTheme.objects.get().pk,
        "wagtailadmin_pages:edit": landing.pk,
        "referral_webhooks:inspect": endpoint.pk,
    }
    found = []
    for view in [*VIEWS, *rows]:
        page.goto(live_server.url + reverse(view, args=[rows[view]] if view in rows else []))
        page.wait_for_load_state("networkidle")
        found += [(view, *violation) for violation in violations(page)]
    assert found == []
