"""What several journeys do: ask the API, look into a mailbox, sign in to the admin, join, arrive as a friend."""

from __future__ import annotations

import email
import email.policy
import json
import re
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

PHONE = {"width": 375, "height": 800}
SALE = """mutation ($input: RecordSaleInput!) {
  recordSale(input: $input) { alreadyRecorded sale { externalId } rewards { side state } errors { code path message } }
}"""


def graphql(demo: dict[str, str], query: str, variables: dict[str, Any], **headers: str) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(
        demo["graphql_url"], body, {"Content-Type": "application/json", **headers}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)["data"]


def mail_to(folder: Path, address: str, words: str) -> str | None:
    """The text of the mail to ``address`` that holds ``words``, or None while there is none."""
    for file in sorted(folder.glob("*.log")):
        for part in file.read_bytes().split(b"\n" + b"-" * 79 + b"\n"):
            message = email.message_from_bytes(part.strip(), policy=email.policy.default)
            if message["To"] == address:
                text = message.get_body(("plain",)).get_content()
                if words in text:
                    return str(text)
    return None


def sign_in(browser: Browser, demo: dict[str, str]) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(demo["admin_url"])
    page.get_by_label("Username").fill(demo["admin_username"])
    page.get_by_label("Password").fill(demo["admin_password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Dashboard").first).to_be_attached()
    return page


def fill_join_form(page: Page, *, name: str, address: str) -> None:
    page.wait_for_timeout(1600)  # nobody fills a form faster, and the form says so
    page.get_by_label("Name").first.fill(name)
    page.get_by_label("E-mail").first.fill(address)
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name=re.compile("link", re.I)).first.click()


def fill_friend_form(page: Page, *, name: str, address: str) -> None:
    """Pressing the button twice, as people do."""
    page.wait_for_timeout(1600)
    page.get_by_label("Name").first.fill(name)
    page.get_by_label("E-mail").first.fill(address)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Claim my offer").dblclick()
    expect(page.get_by_text("Thank you")).to_be_visible()


def approve_and_end_hold(page: Page, demo: dict[str, str]) -> None:
    """Staff approve the only reward that waits, and end its hold."""
    desk = demo["admin_url"] + "referrals/reward-desk/"
    page.goto(desk)
    page.get_by_role("link", name="Approve").first.click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("was approved")).to_be_visible()
    page.goto(desk)
    page.get_by_role("link", name="End the hold").first.click()
    page.get_by_label("Note").fill("Customer for ten years")
    page.get_by_role("button", name="End the hold").click()
    expect(page.get_by_text("It is on its way")).to_be_visible()
