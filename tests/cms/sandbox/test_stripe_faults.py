"""Faults on demand at the Stripe stand-in: what is lost, what is remembered, and that nothing is paid twice."""

from __future__ import annotations

import pytest
import requests
import stripe

from tests.standins import StandIn

from .test_stripe import client, stand_in, stripe_client, transfer

__all__ = ["client", "stand_in"]  # fixtures


class TestFaults:
    def test_lost_answer_is_found_by_the_same_key_and_by_the_group(
        self, client: stripe.StripeClient, stand_in: StandIn
    ) -> None:
        account = stand_in.active_account()
        stand_in.fault("drop_after_commit", path_prefix="/v1/transfers", times=1)
        with pytest.raises(stripe.APIConnectionError):
            transfer(client, account, "k", transfer_group="g")
        (kept,) = client.v1.transfers.list({"transfer_group": "g"}).data
        assert transfer(client, account, "k", transfer_group="g").id == kept.id
        assert len(stand_in.payments()) == 1

    def test_sdk_retries_a_lost_answer_by_itself(self, stand_in: StandIn) -> None:
        account = stand_in.active_account()
        stand_in.fault("drop_after_commit", path_prefix="/v1/transfers", times=1)
        transfer(stripe_client(stand_in, retries=1), account, "k")
        assert len(stand_in.payments()) == 1
        assert stand_in.books()["requests"]["POST /v1/transfers"] == 2

    def test_dropped_before_does_nothing(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        account = stand_in.active_account()
        stand_in.fault("drop_before", path_prefix="/v1/transfers", times=1)
        with pytest.raises(stripe.APIConnectionError):
            transfer(client, account, "k")
        assert stand_in.payments() == []

    @pytest.mark.parametrize(
        ("rule", "paid", "then"),
        [
            ({}, 0, "paid"),
            ({"cache": True}, 0, "replayed"),
            ({"commit": True}, 1, "paid"),
            ({"commit": True, "cache": True}, 1, "replayed"),
        ],
    )
    def test_500_with_and_without_the_work_and_the_memory(
        self, client: stripe.StripeClient, stand_in: StandIn, rule: dict[str, bool], paid: int, then: str
    ) -> None:
        account = stand_in.active_account()
        stand_in.fault("status", path_prefix="/v1/transfers", status=500, times=1, **rule)
        with pytest.raises(stripe.APIError):
            transfer(client, account, "k")
        assert len(stand_in.payments()) == paid
        if then == "replayed":
            with pytest.raises(stripe.APIError):
                transfer(client, account, "k")
            assert len(stand_in.payments()) == paid
        else:
            transfer(client, account, "k")
            assert len(stand_in.payments()) == 1

    def test_rate_limit_is_not_saved(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        account = stand_in.active_account()
        stand_in.fault("rate_limit", path_prefix="/v1", times=1)
        with pytest.raises(stripe.RateLimitError):
            transfer(client, account, "k")
        assert transfer(client, account, "k").amount == 1500

    def test_probability_repeats_with_its_seed_and_clears(self, client: stripe.StripeClient, stand_in: StandIn) -> None:
        runs = []
        for _ in range(2):
            stand_in.fault("status", path_prefix="/v1/balance", probability=0.3, seed=7, status=503)
            runs.append([_ok(stand_in) for _ in range(30)])
            stand_in.clear_faults()
        assert runs[0] == runs[1]
        assert {True, False} == set(runs[0])
        assert _ok(stand_in)


def _ok(stand_in: StandIn) -> bool:
    headers = {"Authorization": f"Bearer {stand_in.api_key}"}
    return requests.get(f"{stand_in.url}/v1/balance", headers=headers, timeout=5).ok
