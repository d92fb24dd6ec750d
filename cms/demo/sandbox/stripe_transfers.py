"""Stripe's v1 transfers and their reversals."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .routes import Endpoint
from .stripe_errors import error, no_such
from .stripe_lists import page_of
from .stripe_params import check, currency_code, whole, within
from .wire import Answer, Request, json_answer

if TYPE_CHECKING:
    from .stripe import StripeSandbox


@dataclass(slots=True)
class Reversal:
    id: str
    number: int
    amount: int
    created: int
    metadata: dict[str, str]
    key: str


@dataclass(slots=True)
class Transfer:
    id: str
    number: int
    amount: int
    currency: str
    destination: str
    created: int
    description: str | None
    transfer_group: str | None
    source_type: str
    metadata: dict[str, str]
    key: str
    reversals: list[Reversal] = field(default_factory=list)

    @property
    def reversed_amount(self) -> int:
        return sum(reversal.amount for reversal in self.reversals)


class Transfers:
    """Money from the platform to a connected account, found by group or destination without a search."""

    restores = ("transfer",)

    def __init__(self, box: StripeSandbox) -> None:
        self.box = box
        self.rows: list[Transfer] = []
        self.by_id: dict[str, Transfer] = {}
        self._by_group: dict[str, list[Transfer]] = {}
        self._by_destination: dict[str, list[Transfer]] = {}

    def routes(self) -> list[tuple[str, Endpoint]]:
        return [
            ("POST /v1/transfers", self.create),
            ("GET /v1/transfers", self.page),
            ("GET /v1/transfers/{id}", self.retrieve),
            ("POST /v1/transfers/{id}/reversals", self.reverse),
            ("GET /v1/transfers/{id}/reversals", self.list_reversals),
            ("GET /v1/transfers/{id}/reversals/{reversal}", self.retrieve_reversal),
        ]

    def create(self, request: Request) -> Answer:
        params = request.params
        check("TransferCreateParams", params)
        if "amount" not in params:
            raise error(400, "parameter_missing", "Missing required param: amount.", param="amount")
        amount, currency = whole(params, "amount", least=1), currency_code(params)
        account = self.box.accounts.by_id.get(params["destination"])
        if account is None:
            raise no_such("destination", params["destination"], param="destination", status=400)
        if account.closed:
            raise error(
                400, "account_invalid", "The destination account is closed.", param="destination", executed=True
            )
        if account.capabilities.get("stripe_balance.stripe_transfers") != "active":
            message = "The destination account cannot receive transfers: its transfers capability is not active."
            raise error(400, "transfers_not_allowed", message, param="destination", executed=True)
        message = "The available balance of the platform is too small for this transfer."
        self.box.take(currency, amount, error(400, "balance_insufficient", message, executed=True))
        transfer = Transfer(
            id=f"tr_{secrets.token_hex(12)}",
            number=len(self.rows),
            amount=amount,
            currency=currency,
            destination=account.id,
            created=int(self.box.now()),
            description=params.get("description"),
            transfer_group=params.get("transfer_group"),
            source_type=params.get("source_type", "card"),
            metadata=dict(params.get("metadata") or {}),
            key=request.headers.get("idempotency-key", ""),
        )
        self._keep(transfer)
        account.move(currency, amount)
        self.box.accounts.note(account)
        self._note(transfer)
        self.box.emit("transfer.created", self.shown(transfer), request=request)
        return json_answer(self.shown(transfer))

    def retrieve(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        check("TransferRetrieveParams", request.params)
        return json_answer(self.shown(self._get(id)))

    def page(self, request: Request) -> Answer:
        params = request.params
        check("TransferListParams", params)
        rows = self.rows
        if group := params.get("transfer_group"):
            rows = self._by_group.get(group, [])
        elif destination := params.get("destination"):
            rows = self._by_destination.get(destination, [])
        return page_of(
            rows,
            params,
            url="/v1/transfers",
            known=self.by_id,
            what="transfer",
            fits=lambda row: (
                within(params.get("created"), row.created)
                and params.get("destination") in (None, row.destination)
                and params.get("transfer_group") in (None, row.transfer_group)
            ),
            shown=self.shown,
        )

    def reverse(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        params = request.params
        check("TransferReversalCreateParams", params)
        transfer = self._get(id)
        left = transfer.amount - transfer.reversed_amount
        amount = whole(params, "amount", least=1) if "amount" in params else left
        if amount > left or left == 0:
            message = f"The transfer has {left} left to reverse."
            raise error(400, None, message, param="amount", executed=True)
        account = self.box.accounts.by_id[transfer.destination]
        if account.balances.get(transfer.currency, 0) < amount:
            message = "The connected account's balance is too small for this reversal."
            raise error(400, "balance_insufficient", message, executed=True)
        reversal = Reversal(
            id=f"trr_{secrets.token_hex(12)}",
            number=len(transfer.reversals),
            amount=amount,
            created=int(self.box.now()),
            metadata=dict(params.get("metadata") or {}),
            key=request.headers.get("idempotency-key", ""),
        )
        transfer.reversals.append(reversal)
        account.move(transfer.currency, -amount)
        self.box.accounts.note(account)
        self.box.give_back(transfer.currency, amount)
        self._note(transfer)
        self.box.emit("transfer.reversed", self.shown(transfer), request=request)
        return json_answer(self.shown_reversal(transfer, reversal))

    def retrieve_reversal(self, request: Request, id: str, reversal: str) -> Answer:  # noqa: A002
        check("TransferReversalRetrieveParams", request.params)
        transfer = self._get(id)
        found = next((row for row in transfer.reversals if row.id == reversal), None)
        if found is None:
            raise no_such("transfer reversal", reversal)
        return json_answer(self.shown_reversal(transfer, found))

    def list_reversals(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        check("TransferReversalListParams", request.params)
        transfer = self._get(id)
        return page_of(
            transfer.reversals,
            request.params,
            url=f"/v1/transfers/{id}/reversals",
            known={row.id: row for row in transfer.reversals},
            what="transfer reversal",
            shown=lambda row: self.shown_reversal(transfer, row),
        )

    def shown(self, row: Transfer) -> dict[str, Any]:
        back = row.reversed_amount
        tail = row.id[3:]
        return {
            "id": row.id,
            "object": "transfer",
            "amount": row.amount,
            "amount_reversed": back,
            "balance_transaction": f"txn_{tail}",
            "created": row.created,
            "currency": row.currency,
            "description": row.description,
            "destination": row.destination,
            "destination_payment": f"py_{tail}",
            "livemode": False,
            "metadata": row.metadata,
            "reversals": {
                "object": "list",
                "data": [self.shown_reversal(row, reversal) for reversal in reversed(row.reversals[-10:])],
                "has_more": len(row.reversals) > 10,
                "url": f"/v1/transfers/{row.id}/reversals",
            },
            "reversed": back == row.amount,
            "source_transaction": None,
            "source_type": row.source_type,
            "transfer_group": row.transfer_group,
        }

    def shown_reversal(self, transfer: Transfer, row: Reversal) -> dict[str, Any]:
        return {
            "id": row.id,
            "object": "transfer_reversal",
            "amount": row.amount,
            "balance_transaction": f"txn_{row.id[4:]}",
            "created": row.created,
            "currency": transfer.currency,
            "destination_payment_refund": f"pyr_{row.id[4:]}",
            "metadata": row.metadata,
            "source_refund": None,
            "transfer": transfer.id,
        }

    def payments(self) -> list[dict[str, Any]]:
        return [
            {
                "kind": "transfer",
                "id": row.id,
                "payout_id": row.metadata.get("payout_id"),
                "transfer_group": row.transfer_group,
                "description": row.description,
                "amount_minor": row.amount,
                "reversed_minor": row.reversed_amount,
                "currency": row.currency.upper(),
                "destination": row.destination,
                "idempotency_key": row.key,
                "created": row.created,
                "status": "paid",
            }
            for row in self.rows
        ]

    def restore(self, kind: str, data: dict[str, Any]) -> None:
        data["reversals"] = [Reversal(**row) for row in data["reversals"]]
        if known := self.by_id.get(data["id"]):
            known.reversals = data["reversals"]
        else:
            self._keep(Transfer(**data))

    def _note(self, transfer: Transfer) -> None:
        self.box.journal.note("transfer", asdict(transfer))

    def _keep(self, transfer: Transfer) -> None:
        self.rows.append(transfer)
        self.by_id[transfer.id] = transfer
        self._by_destination.setdefault(transfer.destination, []).append(transfer)
        if transfer.transfer_group:
            self._by_group.setdefault(transfer.transfer_group, []).append(transfer)

    def _get(self, transfer_id: str) -> Transfer:
        if transfer_id not in self.by_id:
            raise no_such("transfer", transfer_id)
        return self.by_id[transfer_id]
