"""The page of one reward: a look reveals nothing, its owner's button does, and nobody else gets in."""

from __future__ import annotations

import logging
import sys
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.signals import got_request_exception
from django.utils import timezone
from django.views.debug import ExceptionReporter
from wagtail.models import Site

from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.core.tokens import make_token
from referral_blocks.emails.models import Email
from referral_blocks.emails.services import send_email
from referral_blocks.flows.import_coupons import import_coupons
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout, PayoutChange
from referral_blocks.payouts.providers.runa.cards import link_of
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.people.models import Person
from referral_blocks.rewards.coupons import keep_made_code
from referral_blocks.rewards.models import CouponList, PendingReason, Reward, RewardRule, RewardState
from referral_blocks.rewards.page import make_reward_token, read_reward_token, reward_url
from referral_blocks.views import reward as view
from tests.gift_cards import bought, earned, gift_card_program, use_runa
from tests.make import make_program, make_referral
from tests.payout_fake import register
from tests.standins import running_runa

pytestmark = pytest.mark.django_db
SAME = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def runa(settings):
    with running_runa() as stand_in:
        use_runa(settings, stand_in)
        yield stand_in


def path_of(reward: Reward) -> str:
    return f"/referrals/reward/{make_reward_token(reward)}/"


def press(client, reward, do, headers=SAME, **data):
    return client.post(path_of(reward), {"do": do, **data}, headers=headers)


def words(response) -> str:
    return " ".join(response.content.decode().split())


def test_the_address_stands_for_one_reward_of_one_person(runa):
    reward = earned(gift_card_program())
    assert reward_url(reward) == "http://localhost" + path_of(reward)
    other = Person.objects.get(email="referrer@example.com")
    theirs = make_token("reward", [reward.public_id.hex, other.public_id.hex])
    assert read_reward_token(theirs) is None
    assert read_reward_token(make_token("sign-in", [reward.public_id.hex, reward.person.public_id.hex])) is None


def test_a_look_reveals_nothing_and_changes_nothing(client, runa):
    reward = bought(gift_card_program())
    for method in (client.get, client.head):
        response = method(path_of(reward))
        assert (response.status_code, response["Referrer-Policy"]) == (200, "no-referrer")
        assert "no-store" in response["Cache-Control"]
        assert "/spend/" not in response.content.decode()
    assert GiftCard.objects.get().first_shown_at is None
    assert not PayoutChange.objects.filter(field="gift_card").exists()


def test_the_owners_button_shows_the_card(client, runa):
    reward = bought(gift_card_program())
    response = press(client, reward, "show")
    assert (response.status_code, response["Referrer-Policy"]) == (200, "no-referrer")
    assert "no-store" in response["Cache-Control"]
    assert f'href="{runa.url}/spend/' in words(response)
    assert GiftCard.objects.get().first_shown_at is not None


def test_claiming_leads_back_to_the_page_and_orders_once(client, runa):
    reward = earned(gift_card_program(order_at="claim"))
    assert "Claim it" in words(client.get(path_of(reward)))
    for _ in range(2):
        response = press(client, reward, "claim")
        assert (response.status_code, response["Location"]) == (302, path_of(reward))
    assert Payout.objects.count() == 1
    page = words(client.get(path_of(reward)))
    assert ("On its way" in page, "<button" in page) == (True, False)


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "cross-site", "origin": "null"}, {"origin": "https://evil.example"}]
)  # fmt: skip
def test_another_site_presses_no_button(client, runa, headers):
    reward = earned(gift_card_program(order_at="claim"))
    assert press(client, reward, "claim", headers=headers).status_code == 403
    assert Payout.objects.count() == 0


def test_an_old_browser_that_names_no_origin_may(client, runa):
    reward = earned(gift_card_program(order_at="claim"))
    assert press(client, reward, "claim", headers={"origin": "null"}).status_code == 302
    assert Payout.objects.count() == 1


@pytest.mark.parametrize("token", ["x", "a:b:c", "x" * 5000, "%00"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_bad_token_gets_a_page_that_says_what_to_do(client, runa, token, method):
    earned(gift_card_program(order_at="claim"))
    response = getattr(client, method)(f"/referrals/reward/{token}/", headers=SAME)
    assert response.status_code == 404
    assert "Open the link in our mail again" in words(response)
    assert Payout.objects.count() == 0


def test_a_token_works_on_its_own_site_only_and_is_not_logged(client, runa, caplog):
    caplog.set_level(logging.DEBUG)
    reward = bought(gift_card_program())
    other = Site.objects.create(hostname="other.example", root_page=Site.objects.get().root_page)
    response = client.post(path_of(reward), {"do": "show"}, headers={**SAME, "host": other.hostname})
    assert (response.status_code, "/spend/" in words(response)) == (404, False)
    assert make_reward_token(reward) not in caplog.text


def test_what_it_waits_for_is_said_in_words_with_dates(client, runa):
    reward = earned(gift_card_program(rule={"hold_days": 14, "approval": "person"}))
    page = words(client.get(path_of(reward)))
    assert "The waiting time for returns is not over (until " in page
    assert "Waiting for our team to approve it" in page
    assert "<button" not in page


def test_an_old_link_shows_nothing_and_a_new_one_goes_to_the_owner_once_a_day(client, runa):
    reward = bought(gift_card_program())
    path = path_of(reward)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        page = client.get(path)
        assert (page.status_code, "Gift card" in words(page)) == (410, False)
        for do in ("show", "mail"):
            answer = client.post(path, {"do": do}, headers=SAME)
            assert "/spend/" not in words(answer)
            assert "A new link is on its way" in words(answer)
        (email,) = Email.objects.filter(key__startswith=f"reward:{reward.pk}:link")
        assert (email.kind, email.person) == ("gift_card_ready", reward.person)


def test_a_coupon_is_shown_too(client, settings):
    program = make_program(rules=())
    coupons = CouponList.objects.create(program=program, name="Spring")
    import_coupons(coupon_list=coupons, text="SPRING-PLANTED-1\n")
    RewardRule.objects.create(
        program=program, side="friend", title="£5 off", amount_minor=500, trigger="sign_up", method="coupon",
        coupon_list=coupons, hold_days=0, approval="automatic",
    )  # fmt: skip
    make_referral(program)
    send_payout(payout_id=Payout.objects.get().pk)
    reward = Reward.objects.get()
    assert "SPRING-PLANTED-1" not in words(client.get(path_of(reward)))
    assert "SPRING-PLANTED-1" in words(press(client, reward, "show"))


def test_a_code_that_a_provider_has_made_is_shown_too(client, settings):
    register(settings)
    rule = {"side": "friend", "title": "25 % off", "amount_minor": 500, "trigger": "sign_up", "method": "fake"}
    make_referral(make_program(rules=({**rule, "hold_days": 0, "approval": "automatic"},)))
    reward = Reward.objects.get()
    keep_made_code(reward=reward, list_name="Made there", code="PLANTED-MADE-1")
    assert "PLANTED-MADE-1" not in words(press(client, reward, "show")), "not before it is paid"
    send_payout(payout_id=Payout.objects.get().pk)
    page = words(client.get(path_of(reward)))
    assert ("Show my code" in page, "PLANTED-MADE-1" in page) == (True, False)
    assert "PLANTED-MADE-1" in words(press(client, reward, "show"))


def test_the_owner_of_a_code_hears_of_it_and_the_mail_holds_no_code(settings):
    register(settings)
    rule = {"side": "friend", "title": "25 % off", "amount_minor": 500, "trigger": "sign_up", "method": "fake"}
    make_referral(make_program(rules=({**rule, "hold_days": 0, "approval": "automatic"},)))
    keep_made_code(reward=Reward.objects.get(), list_name="Made there", code="PLANTED-MADE-1")
    assert not Email.objects.filter(kind="code_ready").exists()
    send_payout(payout_id=Payout.objects.get().pk)
    mail.outbox.clear()
    send_email(email_id=Email.objects.get(kind="code_ready").pk)
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["friend@example.com"], "Your code is ready")
    html, _kind = message.alternatives[0]
    for text in (message.body, html):
        assert "/referrals/reward/" in text
        assert "PLANTED-MADE-1" not in text


@pytest.fixture
def waits_for_details(runa):
    """A reward whose owner has to say where to send it."""
    reward = earned(gift_card_program(rule={"approval": "person"}))
    PendingReason.objects.all().delete()
    PendingReason.objects.create(reward=reward, reason="payout_details")
    assert reward.state == RewardState.PENDING
    return reward


def test_where_to_send_it_is_asked_through_a_link_and_not_a_redirect(client, waits_for_details, monkeypatch):
    asked = {}

    def connect(**given):
        asked.update(given)
        return "https://connect.example/once"

    monkeypatch.setattr(view, "connect_payout_account", connect)
    page = words(client.get(path_of(waits_for_details)))
    assert ("Tell us where to send it" in page, '<option value="GB">United Kingdom' in page) == (True, True)
    response = press(client, waits_for_details, "details", country="GB")
    assert (response.status_code, 'href="https://connect.example/once"' in words(response)) == (200, True)
    assert (asked["person"], asked["provider"], asked["country"]) == (waits_for_details.person, "runa", "GB")
    assert asked["return_url"].startswith("http://localhost/referrals/payout-account/")


def test_an_old_mail_does_not_change_where_its_owner_is_paid_to(client, runa, monkeypatch):
    """Nothing waits for details: whoever has the address is not led to the pages on which they are changed."""
    asked = []
    monkeypatch.setattr(view, "connect_payout_account", lambda **given: asked.append(given))
    response = press(client, bought(gift_card_program()), "details", country="GB")
    assert (response.status_code, asked) == (422, [])


def test_a_provider_that_does_not_answer_is_said_so(client, waits_for_details, monkeypatch):
    def connect(**given):
        raise NotPossibleNow("Not now, please.", code="provider_unavailable")

    monkeypatch.setattr(view, "connect_payout_account", connect)
    response = press(client, waits_for_details, "details")
    assert (response.status_code, "Not now, please." in words(response)) == (422, True)


def test_a_button_that_is_not_there_does_nothing(client, runa):
    reward = earned(gift_card_program(order_at="claim"))
    assert press(client, reward, "explode").status_code == 400
    assert press(client, reward, "show").status_code == 422
    assert Payout.objects.count() == 0


def test_an_error_page_does_not_show_the_card(client, runa, monkeypatch, settings):
    """Django's report of an error, as it is mailed to the site's admins."""
    settings.DEBUG = False
    settings.ADMINS = [("Ops", "ops@example.com")]
    reward = bought(gift_card_program())
    real = view.render

    def broken(request, name, *args, **kwargs):
        if name.endswith("shown.html"):
            raise RuntimeError("broken")
        return real(request, name, *args, **kwargs)

    monkeypatch.setattr(view, "render", broken)
    client.raise_request_exception = False
    reports = []

    def report(sender, request, **kwargs):
        made = ExceptionReporter(request, *sys.exc_info())
        reports.extend([made.get_traceback_html(), made.get_traceback_text()])

    got_request_exception.connect(report)
    try:
        assert press(client, reward, "show").status_code == 500
    finally:
        got_request_exception.disconnect(report)
    token = link_of(GiftCard.objects.get()).rsplit("/", 1)[1]
    assert len(reports) == 2
    assert "RuntimeError" in reports[0]
    assert [r for r in reports if token in r] == []


def test_pages_of_staff_show_no_card(client, runa, django_user_model):
    """Every page of the admin that is about this payout, its reward or its owner."""
    reward = bought(gift_card_program())
    payout = Payout.objects.get()
    client.force_login(django_user_model.objects.create_superuser("staff", "staff@example.com", "x"))
    token = link_of(GiftCard.objects.get()).rsplit("/", 1)[1]
    seen = 0
    for path in (
        "payouts/",
        f"payouts/inspect/{payout.pk}/",
        "rewards/",
        f"rewards/inspect/{reward.pk}/",
        "people/",
    ):
        response = client.get(f"/admin/referrals/{path}", follow=True)
        seen += response.status_code == 200
        assert token not in response.content.decode()
    assert seen >= 2
