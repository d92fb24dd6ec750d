"""The reward's page on a phone, with the site's content security policy in force."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from wagtail.models import Site

from referral_blocks.flows.claim_reward import claim_reward
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.rewards.models import Reward, RewardState
from referral_blocks.rewards.page import reward_url
from referral_blocks.views import reward as view
from tests.browser import chromium
from tests.gift_cards import earned, gift_card_program, use_runa
from tests.make_pages import use_theme
from tests.standins import running_runa

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def runa(settings, live_server):
    host, port = re.match(r"http://([^:]+):(\d+)", live_server.url).groups()
    Site.objects.update(hostname=host, port=int(port))
    with running_runa() as stand_in:
        use_runa(settings, stand_in)
        yield stand_in


def on_a_phone(browser, *, scheme="light"):
    context = browser.new_context(
        viewport={"width": 375, "height": 812}, color_scheme=scheme, reduced_motion="reduce", java_script_enabled=True
    )
    page = context.new_page()
    page.problems = []
    page.on("console", lambda m: page.problems.append(m.text) if "Content Security Policy" in m.text else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    return page


def check(page, what):
    assert [(what, v["id"], v["nodes"][0]["html"]) for v in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    assert page.problems == []


@pytest.mark.parametrize(("scheme", "theme"), [("light", ""), ("dark", "street")])
def test_a_friend_claims_a_gift_card_with_the_keyboard_and_opens_it(browser, runa, scheme, theme):
    use_theme(theme)
    reward = earned(gift_card_program(order_at="claim"))
    page = on_a_phone(browser, scheme=scheme)
    page.goto(reward_url(reward))
    check(page, "to claim")
    page.get_by_role("button", name="Claim it").focus()
    page.keyboard.press("Enter")
    page.get_by_text("On its way").wait_for()
    check(page, "on its way")
    assert send_payout(payout_id=Payout.objects.get().pk) == "paid"
    page.reload()
    check(page, "ready")
    page.get_by_role("button", name="Show my gift card").press("Enter")
    link = page.get_by_role("link", name="Open my gift card")
    link.wait_for()
    check(page, "shown")
    with page.expect_request(lambda r: "/spend/" in r.url) as asked:
        link.click()
    page.get_by_text("Your gift card").first.wait_for()
    assert "referer" not in {name.lower() for name in asked.value.headers}, "the address of our page stays here"
    assert runa.payments()[0]["links"] == ["CLAIMED"]
    page.context.close()


def test_the_way_to_the_provider_is_open_under_the_content_security_policy(browser, runa, monkeypatch):
    reward = earned(gift_card_program(rule={"approval": "person"}))
    reward.pending_reasons.all().delete()
    reward.pending_reasons.create(reason="payout_details")
    monkeypatch.setattr(view, "connect_payout_account", lambda **given: f"{runa.url}/_sandbox/health")
    page = on_a_phone(browser)
    response = page.goto(reward_url(reward))
    assert "form-action 'self'" in response.headers["content-security-policy"]
    check(page, "details")
    page.get_by_label("Your country").select_option("GB")
    page.get_by_role("button", name="Tell us where to send it").click()
    way = page.get_by_role("link", name="Go on to the provider")
    way.wait_for()
    check(page, "leave")
    way.click()
    page.get_by_text('"ok"').wait_for()
    page.context.close()


def test_without_scripts_it_works_the_same(browser, runa):
    reward = earned(gift_card_program(order_at="claim"))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(reward_url(reward))
    page.get_by_role("button", name="Claim it").click()
    page.get_by_text("On its way").wait_for()
    assert Reward.objects.get().state == RewardState.RESERVED
    assert claim_reward(reward=reward, person=reward.person) is False
    context.close()
