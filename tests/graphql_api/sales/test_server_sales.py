import pytest

from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db

SALE = """query ($id: ID!) { server { sale(program: "neighbours", externalId: $id) {
  externalId source product number amount { amountMinor } reversed { amountMinor } facts { name value }
  reversals { edges { node { kind externalId amount { amountMinor currency } } } } } } }"""


@pytest.fixture
def program():
    program = make_referral(make_program()).program
    for order, amount in (("A-1", "100"), ("A-2", "30")):
        record_sale(
            program=program, source="api", external_id=order, friend_email="friend@example.com", amount=amount,
            currency="GBP", product="clean", metadata={"shop": "Leeds"},
        )  # fmt: skip
    reverse_sale(program=program, source="api", external_id="A-1", reversal_id="r-1", kind="refund", amount="25")
    return program


@pytest.fixture
def key(program):
    return create_api_key(site_id=program.site_id, name="Books", scopes=[Scope.SALES_READ])[1]


def test_a_sale_is_found_by_the_id_that_reported_it(client, key):
    assert data(client, SALE, {"id": "A-1"}, bearer=key)["server"]["sale"] == {
        "externalId": "A-1", "source": "api", "product": "clean", "number": 1, "amount": {"amountMinor": 10000},
        "reversed": {"amountMinor": 2500}, "facts": [{"name": "shop", "value": "Leeds"}],
        "reversals": {"edges": [{"node": {
            "kind": "REFUND", "externalId": "r-1", "amount": {"amountMinor": 2500, "currency": "GBP"},
        }}]},
    }  # fmt: skip
    for unknown in ("A-9", "a\0b", "\ud800"):
        assert data(client, SALE, {"id": unknown}, bearer=key)["server"]["sale"] is None


def test_filters_and_orders_narrow_the_list(client, key):
    query = """query ($f: SaleFilter, $o: SaleOrder! = NEWEST_FIRST) { server {
      sales(filter: $f, orderBy: $o) { edges { node { externalId } } } } }"""

    def found(order="OLDEST_FIRST", **only):
        edges = data(client, query, {"f": only, "o": order}, bearer=key)["server"]["sales"]["edges"]
        return [edge["node"]["externalId"] for edge in edges]

    assert found() == found("LARGEST_FIRST") == ["A-1", "A-2"]
    assert found("NEWEST_FIRST") == found("LAST_RECORDED_FIRST") == ["A-2", "A-1"]
    assert (found(externalId="A-2"), found(reversed=True), found(reversed=False)) == (["A-2"], ["A-1"], ["A-2"])
    assert (found(source="csv"), found(program="unknown")) == ([], [])
    assert found(occurred={"since": "2020-01-01T00:00:00Z"}, recorded={"before": "2999-01-01T00:00:00Z"}) == found()


def test_a_key_that_only_writes_gets_the_sale_but_not_the_friend(client, program):
    text = create_api_key(site_id=program.site_id, name="Till")[1]
    mutation = """mutation ($input: ReverseSaleInput!) { reverseSale(input: $input) {
      sale { externalId referral { friend { email } } } errors { code } } }"""
    given = {"program": "neighbours", "externalId": "A-1", "reversalId": "r-1", "kind": "REFUND", "amount": "25"}
    answer = ask(client, mutation, {"input": given}, bearer=text)
    assert (codes(answer), answer["data"]) == (["FORBIDDEN"], {"reverseSale": {"sale": None, "errors": []}})
