"""Stripe's v2 outbound payments: money to a recipient's bank account or card without a Connect balance."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .routes import Endpoint
from .stripe_accounts import moment
from .stripe_errors import error
from .stripe_params import check_v2
from .wire import Answer, Request, json_answer

if TYPE_CHECKING:
    from .stripe import StripeSandbox

OBJECT = "v2.money_management.outbound_payment"
# What may become of a payment; a returned one was posted first.
MOVES = {"processing": {"posted", "failed", "canceled"}, "posted": {"returned"}}


@dataclass(slots=True)
class OutboundPayment:
    id: str
    number: int
    amount: int
    currency: str
    financial_account: str
    recipient: str
    payout_method: str | None
    created: float
    description: str | None
    statement_descriptor: str
    metadata: dict[str, str]
    key: str
    status: str = "processing"
    moved_at: dict[str, float] = field(default_factory=dict)
    reason: str = "unknown_failure"


class OutboundPayments:
    """``processing`` at first; ``posted`` when it is looked at, unless the setting ``outbound_posts`` is off."""

    restores = ("outbound_payment",)

    def __init__(self, box: StripeSandbox) -> None:
        self.box = box
        self.rows: list[OutboundPayment] = []
        self.by_id: dict[str, OutboundPayment] = {}

    def routes(self) -> list[tuple[str, Endpoint]]:
        return [
            ("POST /v2/money_management/outbound_payments", self.create),
            ("GET /v2/money_management/outbound_payments", self.page),
            ("GET /v2/money_management/outbound_payments/{id}", self.retrieve),
        ]

    def controls(self) -> list[tuple[str, Endpoint]]:
        return [("POST /_sandbox/outbound_payments/{id}", self.change)]

    def create(self, request: Request) -> Answer:
        params = request.params
        check_v2("money_management.OutboundPaymentCreateParams", params)
        check_v2("money_management.OutboundPaymentCreateParamsFrom", params["from"], inside="from")
        check_v2("money_management.OutboundPaymentCreateParamsTo", params["to"], inside="to")
        value, currency = params["amount"].get("value"), str(params["amount"].get("currency", "")).lower()
        if not isinstance(value, int) or value < 1:
            raise error(400, "invalid_fields", "amount.value must be a positive integer.", param="amount[value]")
        account = self.box.accounts.by_id.get(params["to"]["recipient"])
        if account is None:
            raise error(404, "not_found", "No such recipient.", param="to[recipient]")
        rails = [
            status for name, status in account.capabilities.items() if name.startswith(("bank_accounts.", "cards"))
        ]
        if "active" not in rails:
            message = "The recipient has no active payout capability."
            raise error(400, "capability_not_enabled", message, kind="capability_not_enabled", executed=True)
        short = error(400, "insufficient_funds", "Not enough money.", kind="insufficient_funds", executed=True)
        self.box.take(currency, value, short)
        row = OutboundPayment(
            id=f"obp_test_{secrets.token_hex(12)}",
            number=len(self.rows),
            amount=value,
            currency=currency,
            financial_account=params["from"]["financial_account"],
            recipient=account.id,
            payout_method=params["to"].get("payout_method"),
            created=self.box.now(),
            description=params.get("description"),
            statement_descriptor=params.get("statement_descriptor", "STRIPE"),
            metadata=dict(params.get("metadata") or {}),
            key=request.headers.get("idempotency-key", ""),
        )
        self._keep(row)
        self._note(row, "created")
        return json_answer(self.shown(row))

    def retrieve(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        row = self.by_id.get(id)
        if row is None:
            raise error(404, "not_found", f"Outbound payment not found: {id}")
        if row.status == "processing" and self.box.settings["outbound_posts"]:
            self._move(row, "posted")
        return json_answer(self.shown(row))

    def page(self, request: Request) -> Answer:
        """Newest first, by pages whose number is in the URL that the answer gives."""
        limit = min(int(request.first("limit") or 20), 100)
        at = int(request.first("page") or 0)
        recipient = request.first("recipient")
        wanted = {value for name, value in request.query if name.startswith("status")}
        rows = [
            row
            for row in reversed(self.rows)
            if recipient in (None, row.recipient) and (not wanted or row.status in wanted)
        ]
        more = len(rows) > at + limit
        extra = f"&recipient={recipient}" if recipient else ""
        url = f"/v2/money_management/outbound_payments?limit={limit}&page={at + limit}{extra}"
        data = [self.shown(row) for row in rows[at : at + limit]]
        return json_answer({"data": data, "next_page_url": url if more else None, "previous_page_url": None})

    def change(self, asked: dict[str, Any], id: str) -> Answer:  # noqa: A002 - the template's name
        """``{"status": "posted" | "failed" | "returned" | "canceled", "reason"?}``."""
        row = self.by_id[id]
        if asked["status"] not in MOVES.get(row.status, ()):
            raise ValueError(f"a payment that is {row.status} does not become {asked['status']}")
        row.reason = asked.get("reason", row.reason)
        self._move(row, asked["status"])
        return json_answer(self.shown(row))

    def shown(self, row: OutboundPayment) -> dict[str, Any]:
        amount = {"value": row.amount, "currency": row.currency}
        details: dict[str, Any] = dict.fromkeys(("failed", "processing", "returned"))
        if row.status in {"failed", "returned"}:
            details[row.status] = {"reason": row.reason}
        return {
            "id": row.id,
            "object": OBJECT,
            "amount": amount,
            "cancelable": row.status == "processing",
            "created": moment(row.created),
            "description": row.description,
            "expected_arrival_date": None,
            "from": {"debited": amount, "financial_account": row.financial_account},
            "livemode": False,
            "metadata": row.metadata,
            "payout_intent": None,
            "recipient_notification": {"setting": "configured"},
            "recipient_verification": None,
            "statement_descriptor": row.statement_descriptor,
            "status": row.status,
            "status_details": details,
            "status_transitions": {
                f"{name}_at": moment(row.moved_at[name]) if name in row.moved_at else None
                for name in ("canceled", "failed", "posted", "returned")
            },
            "to": {"credited": amount, "payout_method": row.payout_method, "recipient": row.recipient},
            "tracking_details": None,
        }

    def payments(self) -> list[dict[str, Any]]:
        return [
            {
                "kind": "outbound_payment",
                "id": row.id,
                "payout_id": row.metadata.get("payout_id"),
                "transfer_group": None,
                "description": row.description,
                "amount_minor": row.amount,
                "reversed_minor": 0 if row.status in {"processing", "posted"} else row.amount,
                "currency": row.currency.upper(),
                "destination": row.recipient,
                "idempotency_key": row.key,
                "created": int(row.created),
                "status": row.status,
            }
            for row in self.rows
        ]

    def restore(self, kind: str, data: dict[str, Any]) -> None:
        if known := self.by_id.get(data["id"]):
            known.status, known.moved_at, known.reason = data["status"], data["moved_at"], data["reason"]
        else:
            self._keep(OutboundPayment(**data))

    def _move(self, row: OutboundPayment, status: str) -> None:
        row.status = status
        row.moved_at[status] = self.box.now()
        if status != "posted":
            self.box.give_back(row.currency, row.amount)
        self._note(row, status)

    def _note(self, row: OutboundPayment, what: str) -> None:
        self.box.journal.note("outbound_payment", asdict(row))
        related = {"id": row.id, "type": OBJECT, "url": f"/v2/money_management/outbound_payments/{row.id}"}
        self.box.accounts.thin(f"{OBJECT}.{what}", related)

    def _keep(self, row: OutboundPayment) -> None:
        self.rows.append(row)
        self.by_id[row.id] = row
