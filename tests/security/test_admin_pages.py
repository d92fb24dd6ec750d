"""Hostile text is text on every page of the admin: lists, details, desks, steps, reports and their messages."""

import re

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.urls import URLPattern, get_resolver, reverse
from wagtail.models import Page

from referral_blocks.access.models import ApiKey
from referral_blocks.blocks.starter import all_starters
from referral_blocks.groups.models import GroupOffer
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.reconciliation import Reconciliation
from referral_blocks.payouts.run import PayoutRun
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral, ReferralClaim
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale, SaleImport
from referral_blocks.theming.models import SiteTheme
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint
from tests.payout_fake import register
from tests.security import payloads
from tests.security.world import make_site_pages, make_world, plant

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]

# Of which rows the pages in a namespace speak: a new namespace fails until it is said here.
ROWS = {
    "referral_api_keys": ApiKey,
    "referral_claim_desk": ReferralClaim,
    "referral_friends": Referral,
    "referral_group_offers": GroupOffer,
    "referral_handover_desk": Handover,
    "referral_imports": SaleImport,
    "referral_limits": Program,
    "referral_payout_desk": Payout,
    "referral_payouts": Payout,
    "referral_people": Person,
    "referral_programs": Program,
    "referral_reconciliations": Reconciliation,
    "referral_referrers": Referrer,
    "referral_review_desk": Referral,
    "referral_reward_desk": Reward,
    "referral_rewards": Reward,
    "referral_runs": PayoutRun,
    "referral_sales": Sale,
    "referral_themes": SiteTheme,
    "referral_webhook_deliveries": WebhookDelivery,
    "referral_webhooks": WebhookEndpoint,
    "wagtailsnippetchoosers_referral_blocks_program": Program,
}
OTHERS = [
    ("wagtailadmin_home", []),
    ("wagtailadmin_explore_root", []),
    ("wagtailadmin_reports:site_history", []),
    ("wagtailimages:index", []),
]
OF_PAGES = (
    "wagtailadmin_explore",
    "wagtailadmin_pages:edit",
    "wagtailadmin_pages:view_draft",
    "wagtailadmin_pages:history",
)
NO_HTML = {"referral_imports:refused", "referral_themes:sample_styles"}
# What people have joined is not deleted; the message that says so is looked at.
CLOSED = {"referral_programs:delete", "referral_group_offers:delete"}


@pytest.fixture(params=payloads.ROUNDS.values(), ids=payloads.ROUNDS)
def staff(request, client, settings):
    """A superuser's browser, in a site where all is hostile."""
    register(settings)  # beside those in the house, one that can be stopped
    referrer = make_world()
    make_site_pages(referrer, request.param)
    plant(request.param)
    client.force_login(User.objects.get(username="boss"))
    return client


def patterns():
    """Each named address of the admin's referral pages, and what its arguments are called."""

    def walk(resolver, names):
        for found in resolver.url_patterns:
            if isinstance(found, URLPattern):
                yield ":".join([*names, found.name or ""]), list(found.pattern.converters)
            else:
                yield from walk(found, [*names, found.namespace] if found.namespace else names)

    elsewhere = ("referral_blocks:", "graphql_api:")
    return [(n, a) for n, a in walk(get_resolver(), []) if "referral" in n and not n.startswith(elsewhere)]


def addresses(name, arguments):
    """Some addresses of one kind of page, for rows in different states."""
    if not arguments:
        return [reverse(name)]
    if arguments == ["provider"]:
        return [reverse(name, args=[provider]) for provider in ("all", "fake")]
    if arguments == ["alias"]:
        return [reverse(name, args=[alias]) for alias in all_starters()]
    assert arguments == ["pk"], name
    keys = ROWS[name.split(":")[0]].objects.order_by("-pk").values_list("pk", flat=True)[:8]
    return [reverse(name, args=[pk]) for pk in keys]


def test_no_page_of_the_admin_brings_it_to_life(staff, reader):
    found, closed, shown = {}, set(), 0
    for name, arguments in patterns():
        if name in NO_HTML:
            continue
        opened = 0
        for address in addresses(name, arguments):
            response = staff.get(address, follow=True)
            assert response.status_code < 500, address
            opened += response.status_code == 200 and not response.redirect_chain
            if opened > 2:
                break
            found[address] = reader(_html(response))
            shown += "xss" in response.content.decode()
        if not opened:
            closed.add(name)
    for address in [reverse(n, args=a) for n, a in OTHERS] + [
        reverse(n, args=[page.pk]) for n in OF_PAGES for page in Page.objects.filter(slug__in=["landing", "share"])
    ]:
        response = staff.get(address)
        assert response.status_code == 200, address
        found[address] = reader(_html(response))
    assert {address: holes for address, holes in found.items() if holes} == {}
    assert closed == CLOSED
    assert shown > 60


def _html(response):
    """Some of Wagtail's choosers answer with HTML within JSON."""
    if response["Content-Type"].startswith("application/json"):
        return response.json().get("html", "")
    return response.content.decode()


def test_no_message_after_a_step_brings_it_to_life(staff, reader):
    """Each form of each step is sent, with hostile notes; what the next page says about it is looked at."""
    found, sent = {}, 0
    for name, arguments in patterns():
        if not arguments or name in NO_HTML:
            continue
        for address in addresses(name, arguments):
            page = staff.get(address)
            form = page.status_code == 200 and BeautifulSoup(_html(page), "html.parser").select_one(
                "main form[method=post]"
            )
            if not form:
                continue
            response = staff.post(address, _filled(form), follow=True)
            assert response.status_code in (200, 404), address
            if response.streaming:
                continue  # a file to download
            found[address] = reader(response.content.decode())
            sent += 1
    assert {address: holes for address, holes in found.items() if holes} == {}
    assert sent > 10


def _filled(form):
    data = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        name, kind = field["name"], field.get("type", "")
        if field.name == "select":
            chosen = field.select_one("option[selected]") or next(
                (o for o in field.select("option") if o.get("value")), None
            )
            data[name] = chosen.get("value", "") if chosen else ""
        elif field.name == "textarea" or re.search("note|reason", name):
            data[name] = payloads.MARKUP[0]
        elif kind not in ("checkbox", "radio") or field.has_attr("checked") or name not in data:
            data[name] = field.get("value", "on" if kind == "checkbox" else "")
    return data
