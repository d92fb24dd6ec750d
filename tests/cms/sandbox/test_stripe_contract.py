"""The Stripe stand-in against what Stripe itself publishes: the SDK's types and its fixtures."""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import Any

import pytest
import stripe

from cms.demo.sandbox.stripe_params import PARAMS, PARAMS_V2
from tests.standins import reference, running_stripe

from .test_stripe import stripe_client, transfer


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_v1_parameters_are_the_sdks(name: str) -> None:
    typed = getattr(stripe.params, name)
    options = set(stripe.RequestOptions.__annotations__)
    assert PARAMS[name].required == frozenset(typed.__required_keys__ - options)
    assert PARAMS[name].optional == frozenset(typed.__optional_keys__ - options)


@pytest.mark.parametrize("name", sorted(PARAMS_V2))
def test_v2_parameters_are_the_sdks(name: str) -> None:
    place, _, short = name.partition(".")
    typed = _v2_type(place, short)
    assert PARAMS_V2[name].required == frozenset(typed.__required_keys__)
    assert PARAMS_V2[name].optional == frozenset(typed.__optional_keys__)


def test_answers_have_the_keys_of_stripes_own_fixtures() -> None:
    path = reference("stripe-fixtures3-2026-08.json")
    if path is None:
        pytest.skip("PROVIDER_REFERENCE_DIR does not hold stripe-fixtures3-2026-08.json")
    fixtures = json.loads(path.read_text())["resources"]
    with running_stripe() as stand_in:
        client = stripe_client(stand_in)
        made = transfer(client, stand_in.active_account(), "k")
        customer = client.v1.customers.create({})
        coupon = client.v1.coupons.create({"percent_off": 10})
        promotion: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}}
        shown = {
            "transfer": made,
            "transfer_reversal": client.v1.transfers.reversals.create(made.id),
            "balance": client.v1.balance.retrieve(),
            "coupon": coupon,
            "promotion_code": client.v1.promotion_codes.create(promotion),
            "customer_balance_transaction": client.v1.customers.balance_transactions.create(
                customer.id, {"amount": -1, "currency": "gbp"}
            ),
        }
    for name, answer in shown.items():
        assert set(answer.to_dict()) == set(fixtures[name]), name
    assert set(customer.to_dict()) <= set(fixtures["customer"])


def _v2_type(place: str, name: str) -> Any:
    """A TypedDict of the SDK's v2 parameters; the long names live in the module of the call that they belong to."""
    call = re.match(r"(\w+?CreateParams)", name)[1]
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", call).lower()
    return getattr(import_module(f"stripe.params.v2.{place}._{snake}"), name)
