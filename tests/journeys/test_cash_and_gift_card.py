"""Cash through Stripe and a gift card through Runa: the demo with its stand-ins, a real browser, a real worker."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.processes import ROOT, demo_environment, free_port, running_demo, wait_for

from .steps import PHONE, SALE, approve_and_end_hold, fill_friend_form, fill_join_form, graphql, mail_to, sign_in

REFERRER, FRIEND = "mia@example.com", "cafe@example.com"
EVENTS = """
from referral_blocks.webhooks.models import EventCount, ProviderEvent
print(sorted(ProviderEvent.objects.values_list("provider", "kind", "result")))
print(set(EventCount.objects.values_list("what", flat=True)))
"""


def books(demo: dict[str, str], provider: str) -> dict[str, Any]:
    """What the provider has written down."""
    with urllib.request.urlopen(f"{demo[provider + '_sandbox']}/_sandbox/books", timeout=10) as response:
        return json.load(response)


def payments(demo: dict[str, str], provider: str) -> list[tuple[int, str]]:
    return [(paid["amount_minor"], paid["currency"]) for paid in books(demo, provider)["payments"]]


def reward_link(mail: str) -> str:
    found = re.search(r"http\S+/referrals/reward/\S+", mail)
    assert found, mail
    return found.group()


@pytest.mark.patient
@pytest.mark.timeout(900)
def test_cash_and_gift_card(tmp_path):
    env = demo_environment(tmp_path / "data", free_port())
    mails = tmp_path / "data" / "mail"
    with running_demo(env) as (demo, _process), chromium() as browser:
        meet(browser, demo)
        sell(demo)
        text = wait_for(lambda: mail_to(mails, REFERRER, "where to"), why="nobody asked the referrer where to send it")
        way_in = reward_link(text)
        say_where_to(browser, demo, way_in)
        assert payments(demo, "stripe") == [], "it is on hold, and nobody has approved it"
        page = sign_in(browser, demo)
        approve_and_end_hold(page, demo)
        page.close()
        wait_for(lambda: payments(demo, "stripe"), why="the worker has sent no transfer")
        text = wait_for(lambda: mail_to(mails, FRIEND, "is there"), why="no mail about the gift card")
        open_gift_card(browser, demo, reward_link(text))
        see_it_received(browser, way_in)
        assert (payments(demo, "stripe"), payments(demo, "runa")) == ([(5000, "GBP")], [(2500, "GBP")])
        the_site_was_told(demo, env)
        say_nothing_secret(demo, tmp_path / "data" / "logs", way_in, reward_link(text))


def meet(browser: Browser, demo: dict[str, str]) -> None:
    """The referrer joins, and a business comes through the link; both on a phone."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(demo["business_share_url"])
    fill_join_form(page, name="Mia Example", address=REFERRER)
    link = page.get_by_role("textbox", name="Your link").input_value()
    context.close()
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(link)
    assert page.url.startswith(demo["business_landing_url"])
    expect(page.get_by_text("Mia").first).to_be_visible()
    fill_friend_form(page, name="Café Example", address=FRIEND)
    context.close()


def sell(demo: dict[str, str]) -> None:
    sale = {"program": demo["business_program"], "externalId": "invoice-7", "friendEmail": FRIEND, "amount": "320.00"}
    key = {"Authorization": f"Bearer {demo['api_key']}"}
    answer = graphql(demo, SALE, {"input": {**sale, "currency": "GBP"}}, **key)["recordSale"]
    assert answer["errors"] == []
    assert {r["side"]: r["state"] for r in answer["rewards"]} == {"REFERRER": "PENDING", "FRIEND": "RESERVED"}


def say_where_to(browser: Browser, demo: dict[str, str], way_in: str) -> None:
    """From the mail to the provider's own page and back; the reward then waits for the house alone."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(way_in)
    before = page.get_by_role("listitem").all_inner_texts()
    assert len(before) == 3, before
    page.get_by_label("Your country").select_option(label="United Kingdom")
    page.get_by_role("button", name="Tell us where to send it").click()
    page.get_by_role("link", name="Go on to the provider").click()
    assert page.url.startswith(demo["stripe_sandbox"])
    page.get_by_role("button", name="Complete onboarding").click()
    expect(page.get_by_role("heading", name="Thank you, that is all")).to_be_visible()
    page.get_by_role("link", name="To your friends and rewards").click()
    page.wait_for_url(demo["business_share_url"] + "**")
    page.goto(way_in)
    assert len(page.get_by_role("listitem").all_inner_texts()) == 2
    expect(page.get_by_role("button", name="Tell us where to send it")).to_have_count(0)
    context.close()


def open_gift_card(browser: Browser, demo: dict[str, str], way_in: str) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(way_in)
    assert demo["runa_sandbox"] not in page.content(), "looking reveals nothing"
    page.get_by_role("button", name="Show my gift card").click()
    page.get_by_role("link", name="Open my gift card").click()
    assert page.url.startswith(demo["runa_sandbox"])
    expect(page.get_by_text("25.00 GBP")).to_be_visible()
    context.close()


def see_it_received(browser: Browser, way_in: str) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    wait_for(
        lambda: page.goto(way_in) and page.get_by_text("Received").count(),
        why="the referrer does not see that the reward was received",
    )
    context.close()


def the_site_was_told(demo: dict[str, str], env: dict[str, str]) -> None:
    """Both stand-ins' messages arrived, were believed and worked on."""
    expected = {
        ("stripe", "v2.core.account[configuration.recipient].capability_status_updated"),
        ("stripe", "transfer.created"),
        ("runa", "order.completion"),
    }

    def seen() -> str:
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", EVENTS]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout

    def done() -> bool:
        rows, counted = seen().strip().splitlines()[-2:]
        # Those that are about nothing of ours are ignored; none is forged, stale or malformed.
        return all(str(pair)[:-1] in rows for pair in expected) and not re.search("forged|stale|malformed", counted)

    wait_for(done, seconds=30, why=seen())
    for provider in ("stripe", "runa"):
        assert books(demo, provider)["deliveries"], provider
        assert {delivery["status"] for delivery in books(demo, provider)["deliveries"]} == {204}


def say_nothing_secret(demo: dict[str, str], logs: Path, *ways_in: str) -> None:
    """Neither keys nor what opens a reward or a gift card is in the logs."""
    secrets = [
        json.loads((logs.parent / "sandbox.json").read_text())[name]["webhook_secret"] for name in ("stripe", "runa")
    ]
    secrets += ["sk_test_sandbox", "XX-sandbox", "/spend/", "/onboarding/", *(way.split("/")[-2] for way in ways_in)]
    for log in logs.glob("*.log"):
        text = log.read_text()
        assert not [secret for secret in secrets if secret in text], log.name
