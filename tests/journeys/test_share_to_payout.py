"""The main job, end to end: a published page, a real browser, a real queue worker, a real payout record."""

from __future__ import annotations

import io
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.processes import demo_environment, free_port, running_demo, wait_for

from .steps import PHONE, SALE, approve_and_end_hold, fill_friend_form, fill_join_form, graphql, mail_to, sign_in

REFERRER, FRIEND = "ana@example.com", "kim@example.com"
WAY_IN = "open this to see your friends and rewards"
ASK = "mutation ($input: RequestLoginLinkInput!) { requestLoginLink(input: $input) { ok errors { code } } }"


@pytest.mark.patient
@pytest.mark.timeout(900)
def test_share_to_payout(tmp_path):
    env = demo_environment(tmp_path / "data", free_port())
    with running_demo(env) as (demo, _process), chromium() as browser:
        publish(browser, demo)
        link = join(browser, demo)
        befriend(browser, demo, link)
        mails = tmp_path / "data" / "mail"
        wait_for(lambda: mail_to(mails, REFERRER, "Kim"), why="no mail about the friend")
        ask_for_way_in(demo)
        sell(demo)
        hand_over(browser, demo)
        text = wait_for(lambda: mail_to(mails, REFERRER, WAY_IN), why="no mail with a sign-in link")
        see_it_paid(browser, demo, re.search(r"http\S+/sign-in/\S+", text).group())
        assert mail_to(mails, "nobody@example.com", WAY_IN) is None
        report(browser, demo)


def publish(browser: Browser, demo: dict[str, str]) -> None:
    """A marketer changes the landing page's heading, previews it, and publishes."""
    page = sign_in(browser, demo)
    found = page.request.get(demo["admin_url"] + "api/main/pages/?slug=bring-a-neighbour").json()
    page.goto(f"{demo['admin_url']}pages/{found['items'][0]['id']}/edit/")
    page.locator("[name='body-0-value-heading']").fill("Clean windows, happy neighbours")
    page.get_by_role("button", name="Toggle preview").first.click()
    preview = page.frame_locator("#w-preview-iframe")
    expect(preview.get_by_role("heading", name="Clean windows, happy neighbours")).to_be_visible()
    page.get_by_role("button", name="More actions").first.click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("has been published")).to_be_visible()
    page.close()


def join(browser: Browser, demo: dict[str, str]) -> str:
    """A customer joins on a phone, sees the link as text, as a button and as a QR code that reads back to it."""
    context = browser.new_context(viewport=PHONE, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(demo["share_url"])
    fill_join_form(page, name="Ana Example", address=REFERRER)
    link = page.get_by_role("textbox", name="Your link").input_value()
    assert re.fullmatch(re.escape(demo["base_url"]) + r"r/[2-9A-Z]{9}/", link)
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    qr = page.get_by_alt_text(re.compile("QR code"))
    qr.scroll_into_view_if_needed()
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr.screenshot())).convert("L"))
    assert found.text == link
    context.close()
    return link


def befriend(browser: Browser, demo: dict[str, str], link: str) -> None:
    """A friend opens the link, is greeted, and presses the button twice."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(link)
    assert page.url.startswith(demo["landing_url"])
    expect(page.get_by_role("heading", name="Clean windows, happy neighbours")).to_be_visible()
    expect(page.get_by_text("Ana").first).to_be_visible()
    cookies = [c for c in context.cookies() if c["name"].startswith("rb_visit_")]
    assert [(c["httpOnly"], c["sameSite"]) for c in cookies] == [(True, "Lax")]
    fill_friend_form(page, name="Kim Example", address=FRIEND)
    context.close()


def ask_for_way_in(demo: dict[str, str]) -> None:
    """The worker looks the addresses up; whoever asks is told the same of both."""
    for address in (REFERRER, "nobody@example.com"):
        answer = graphql(demo, ASK, {"input": {"program": demo["program"], "email": address}})
        assert answer["requestLoginLink"] == {"ok": True, "errors": []}


def sell(demo: dict[str, str]) -> None:
    """The till records the sale twice; it counts once."""
    sale = {"program": demo["program"], "externalId": "invoice-1", "friendEmail": FRIEND, "amount": "149.00"}
    key = {"Authorization": f"Bearer {demo['api_key']}"}
    first = graphql(demo, SALE, {"input": {**sale, "currency": "GBP"}}, **key)["recordSale"]
    assert (first["errors"], first["alreadyRecorded"]) == ([], False)
    assert {r["side"]: r["state"] for r in first["rewards"]} == {"REFERRER": "PENDING", "FRIEND": "RESERVED"}
    again = graphql(demo, SALE, {"input": {**sale, "currency": "GBP"}}, **key)["recordSale"]
    assert (again["errors"], again["alreadyRecorded"]) == ([], True)


def hand_over(browser: Browser, demo: dict[str, str]) -> None:
    """Staff approve the referrer's reward, end its hold, and hand over what the worker has put on their list."""
    page = sign_in(browser, demo)
    approve_and_end_hold(page, demo)
    page.goto(demo["admin_url"] + "referrals/handover-desk/")
    todo = page.get_by_role("link", name="Mark handed over")
    wait_for(lambda: page.reload() and todo.count() == 2, why="the worker has not put both rewards on the list")
    for _ in range(2):
        page.goto(demo["admin_url"] + "referrals/handover-desk/")
        todo.first.click()
        page.get_by_role("button", name="Yes, it was handed over").click()
        expect(page.get_by_text("is marked as handed over")).to_be_visible()
    page.close()


def see_it_paid(browser: Browser, demo: dict[str, str], way_in: str) -> None:
    """The referrer opens the link from the mail and sees the friend and the reward as received."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(way_in)
    assert page.url.startswith(demo["share_url"])
    expect(page.get_by_text("£20 gift card").last).to_be_visible()
    expect(page.locator(".rb-badge--issued")).to_have_text("Received")
    expect(page.locator(".rb-badge--qualified")).to_have_text("Became a customer")
    context.close()


def report(browser: Browser, demo: dict[str, str]) -> None:
    """The funnel counts what happened, bots and second presses left out."""
    page = sign_in(browser, demo)
    page.goto(demo["admin_url"] + "referrals/reports/funnel/")
    row = page.get_by_role("row").filter(has_text="Bring a neighbour")
    for words in ("100% of visits", "100% of friends", "100% of customers", "£30.00"):
        expect(row).to_contain_text(words)
    page.close()
