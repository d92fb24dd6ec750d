"""Every page of the admin opens for a superuser, empty and full, and is closed to staff without the right."""

import pytest
from django.urls import reverse

from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.release_hold import release_hold
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.people.models import Person
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale
from tests.make import make_program, make_referral

from .staff import make_staff, staff_client

pytestmark = pytest.mark.django_db

LISTS = {
    "referral_reward_desk:index": "approve_reward",
    "referral_reward_desk:results": "approve_reward",
    "referral_handover_desk:index": "mark_handed_over",
    "referral_handover_desk:results": "mark_handed_over",
    "referral_review_desk:index": "review_referral",
    "referral_review_desk:results": "review_referral",
    "referral_review_desk:by_score": "review_referral",
    "referral_claim_desk:index": "review_referral",
    "referral_claim_desk:results": "review_referral",
    "referral_referrers:index": "view_referrer",
    "referral_referrers:index_results": "view_referrer",
    "referral_people:index": "export_person",
    "referral_people:index_results": "erase_person",
    "referral_people:write-again": "erase_person",
    "referral_friends:index": "view_referral",
    "referral_friends:index_results": "view_referral",
    "referral_sales:index": "view_sale",
    "referral_sales:index_results": "view_sale",
    "referral_sales:record": "add_sale",
    "referral_imports:index": "add_saleimport",
    "referral_imports:index_results": "add_saleimport",
    "referral_imports:start": "add_saleimport",
    "referral_rewards:index": "view_reward",
    "referral_rewards:index_results": "view_reward",
    "referral_payouts:index": "view_payout",
    "referral_payouts:index_results": "view_payout",
    "referral_runs:index": "view_payout",
    "referral_runs:index_results": "confirm_payout",
    "referral_runs:plan": "confirm_payout",
    "referral_payout_desk:index": "resolve_payout",
    "referral_payout_desk:results": "resolve_payout",
    "referral_sending:index": "stop_payouts",
    "referral_limits:index": "change_payoutpolicy",
    "referral_limits:results": "change_payoutpolicy",
    "referral_providers:index": "view_payout",
    "referral_reconciliations:index": "view_reconciliation",
    "referral_reconciliations:index_results": "view_reconciliation",
    "referral_coupons:index": "add_couponcode",
    "referral_coupons:results": "add_couponcode",
    "referral_coupons:import": "add_couponcode",
    "referral_reports:owed": "view_payout",
    "referral_api_keys:index": "view_apikey",
    "referral_api_keys:results": "view_apikey",
    "referral_api_keys:add": "add_apikey",
    "referral_webhooks:index": "view_webhookendpoint",
    "referral_webhooks:index_results": "view_webhookendpoint",
    "referral_webhooks:add": "add_webhookendpoint",
    "referral_webhook_deliveries:index": "view_webhookendpoint",
    "referral_webhook_deliveries:index_results": "view_webhookendpoint",
}
RECORDS = {
    "referral_referrers:inspect": (Referrer, "view_referrer"),
    "referral_people:inspect": (Person, "erase_person"),
    "referral_people:export": (Person, "export_person"),
    "referral_people:erase": (Person, "erase_person"),
    "referral_friends:inspect": (Referral, "view_referral"),
    "referral_sales:inspect": (Sale, "view_sale"),
    "referral_rewards:inspect": (Reward, "view_reward"),
    "referral_payouts:inspect": (Payout, "view_payout"),
}


def a_paid_reward():
    """One friend who bought; the referrer's reward waits to be handed over."""
    referral = make_referral(make_program())
    sale = record_sale(
        program=referral.program, source="api", external_id="A-1", friend_email="friend@example.com",
        amount="149.00", currency="GBP",
    )  # fmt: skip
    actor = make_staff(username="boss")
    reward = sale.rewards[0]
    approve_reward(reward=reward, actor=actor)
    release_hold(reward=reward, actor=actor, note="Known customer")
    send_payout(payout_id=Payout.objects.get().pk)
    return Handover.objects.get()


@pytest.mark.parametrize("name", [*LISTS, "referral_programs:list", "referral_programs:add", "referral_themes:index"])
def test_every_list_opens_empty_and_full(admin_client, name):
    assert admin_client.get(reverse(name)).status_code == 200
    a_paid_reward()
    assert admin_client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", RECORDS)
def test_every_record_opens(admin_client, name):
    a_paid_reward()
    row = RECORDS[name][0].objects.first()
    assert admin_client.get(reverse(name, args=[row.pk])).status_code == 200
    assert admin_client.get(reverse(name, args=[10**9])).status_code == 404


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_for_its_right(name):
    assert staff_client().get(reverse(name)).status_code == 403
    assert staff_client(LISTS[name], username="kai").get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_asks_for_its_right(name):
    a_paid_reward()
    model, right = RECORDS[name]
    url = reverse(name, args=[model.objects.first().pk])
    assert staff_client().get(url).status_code == 403
    assert staff_client(right, username="kai").get(url).status_code == 200
