import pytest
from wagtail.models import Page, Site

from referral_blocks.access.services import create_api_key
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.sales.models import Sale, SaleReversal
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db

REVERSE = """
mutation ($input: ReverseSaleInput!) {
  reverseSale(input: $input) {
    sale { externalId reversed { amountMinor currency } }
    rewards { side state value { amountMinor } }
    alreadyRecorded
    errors { code path }
  }
}
"""
REFUND = {"program": "neighbours", "externalId": "A-1", "reversalId": "r-1", "kind": "REFUND", "amount": "25"}


@pytest.fixture
def program():
    program = make_referral(make_program()).program
    sale = {"source": "api", "external_id": "A-1", "friend_email": "friend@example.com"}
    record_sale(program=program, amount="100", currency="GBP", **sale)
    return program


@pytest.fixture
def key(program):
    return create_api_key(site_id=program.site_id, name="Till")[1]


def reverse(client, key, **given):
    return data(client, REVERSE, {"input": {**REFUND, **given}}, bearer=key)["reverseSale"]


def test_a_refund_shrinks_both_rewards_and_a_second_delivery_says_so(client, key):
    first = reverse(client, key)
    assert first == {
        "sale": {"externalId": "A-1", "reversed": {"amountMinor": 2500, "currency": "GBP"}},
        "rewards": [
            {"side": "REFERRER", "state": "PENDING", "value": {"amountMinor": 1500}},
            {"side": "FRIEND", "state": "PENDING", "value": {"amountMinor": 750}},
        ],
        "alreadyRecorded": False,
        "errors": [],
    }
    assert reverse(client, key) == {**first, "alreadyRecorded": True}
    assert SaleReversal.objects.count() == 1


def test_a_dispute_that_was_won_brings_the_rewards_back(client, key):
    assert reverse(client, key, kind="DISPUTE", amount=None)["rewards"][0]["state"] == "VOID"
    won = reverse(client, key, kind="DISPUTE_WON", amount=None)
    assert (won["sale"]["reversed"]["amountMinor"], won["rewards"][0]["state"]) == (0, "PENDING")


def test_a_refusal_says_where(client, key):
    refused = reverse(client, key, externalId="")
    assert refused["sale"] is None
    assert refused["errors"] == [{"code": "REQUIRED", "path": ["externalId"]}]
    assert not SaleReversal.objects.exists()


def test_without_a_key_nothing_is_written(client, program):
    assert codes(ask(client, REVERSE, {"input": REFUND})) == ["UNAUTHENTICATED"]
    assert Sale.objects.get().reversed_minor == 0


def test_a_key_of_another_site_finds_nothing(client, program):
    root = Page.objects.filter(depth=1).first()
    other = Site.objects.create(hostname="other.example.com", root_page=root)
    foreign = create_api_key(site_id=other.pk, name="Other")[1]
    answer = ask(client, REVERSE, {"input": REFUND}, bearer=foreign)
    assert Sale.objects.get().reversed_minor == 0
    assert "r-1" not in str(answer)
