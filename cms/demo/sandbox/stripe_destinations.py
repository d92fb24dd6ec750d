"""The bank accounts behind a recipient's account at Stripe, as v1 and v2 show them to the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .routes import Endpoint
from .stripe_accounts import moment
from .stripe_errors import error
from .stripe_params import check
from .wire import Answer, Request, json_answer

if TYPE_CHECKING:
    from .stripe import StripeSandbox


class Destinations:
    """Each is known by its fingerprint only: the same bank account has the same one in every recipient's account."""

    restores: tuple[str, ...] = ()

    def __init__(self, box: StripeSandbox) -> None:
        self.box = box

    def routes(self) -> list[tuple[str, Endpoint]]:
        return [
            ("GET /v1/accounts/{id}/external_accounts", self.external_accounts),
            ("GET /v2/money_management/payout_methods", self.payout_methods),
        ]

    def external_accounts(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        check("AccountExternalAccountListParams", request.params)
        shown = [
            {
                "id": f"ba_{fingerprint}",
                "object": "bank_account",
                "account": id,
                "account_holder_name": None,
                "account_holder_type": "individual",
                "bank_name": "STRIPE TEST BANK",
                "country": "GB",
                "currency": "gbp",
                "fingerprint": fingerprint,
                "last4": "2345",
                "metadata": {},
                "routing_number": "108800",
                "status": "new",
            }
            for fingerprint in self._fingerprints(id)
        ]
        url = f"/v1/accounts/{id}/external_accounts"
        return json_answer({"object": "list", "url": url, "has_more": False, "data": shown})

    def payout_methods(self, request: Request) -> Answer:
        """Of the account that the header names."""
        shown = [self._method(mark) for mark in self._fingerprints(request.headers.get("stripe-context", ""))]
        return json_answer({"data": shown, "next_page_url": None, "previous_page_url": None})

    def _method(self, fingerprint: str) -> dict[str, Any]:
        return {
            "id": f"gbba_{fingerprint}",
            "object": "v2.money_management.payout_method",
            "archived": False,
            "bank_account": {
                "bank_account_type": "checking",
                "bank_name": "STRIPE TEST BANK",
                "branch_number": None,
                "country": "GB",
                "last4": fingerprint[-4:],
                "routing_number": "108800",
                "supported_currencies": ["gbp"],
                "swift_code": None,
            },
            "card": None,
            "created": moment(self.box.now()),
            "latest_outbound_setup_intent": None,
            "livemode": False,
            "restricted": False,
            "type": "bank_account",
            "usage_status": {"payments": "eligible", "transfers": "ineligible"},
        }

    def _fingerprints(self, account_id: str) -> list[str]:
        account = self.box.accounts.by_id.get(account_id)
        if account is None:
            raise error(404, "resource_missing", f"No such account: '{account_id}'")
        return account.destinations

    def payments(self) -> list[dict[str, Any]]:
        return []
