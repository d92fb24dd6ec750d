"""Stripe's v2 recipient accounts, the links to onboard them, and the hosted page behind such a link."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from .pages import page, redirect
from .routes import Endpoint
from .stripe_errors import error
from .stripe_params import check_v2
from .wire import Answer, Request, json_answer, to_json

if TYPE_CHECKING:
    from .stripe import StripeSandbox

STATUS_CHANGED = "v2.core.account[configuration.recipient].capability_status_updated"
LINK_RETURNED = "v2.core.account_link.returned"
# Why a capability is not active, and what would make it so.
DETAILS = {
    "pending": ("determining_status", "no_resolution"),
    "restricted": ("requirements_past_due", "provide_info"),
    "rejected": ("rejected_other", "contact_stripe"),
    "unsupported": ("unsupported_country", "no_resolution"),
}
KEPT = 1000


def moment(at: float) -> str:
    """A time as v2 writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Account:
    id: str
    created: float
    email: str | None
    display_name: str | None
    dashboard: str | None
    country: str | None
    metadata: dict[str, str]
    capabilities: dict[str, str]
    balances: dict[str, int] = field(default_factory=dict)
    closed: bool = False
    destinations: list[str] = field(default_factory=list)  # fingerprints of bank accounts

    def move(self, currency: str, amount: int) -> None:
        self.balances[currency] = self.balances.get(currency, 0) + amount


@dataclass(slots=True)
class Link:
    account: str
    refresh_url: str
    return_url: str | None
    expires_at: float
    use_case: str
    session: str = ""
    finished: bool = False


class Accounts:
    """``include`` decides what an answer shows: what was not asked for is null, as v2 does it."""

    restores = ("account",)

    def __init__(self, box: StripeSandbox) -> None:
        self.box = box
        self.by_id: dict[str, Account] = {}
        self._links: OrderedDict[str, Link] = OrderedDict()
        self.event_data: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def routes(self) -> list[tuple[str, Endpoint]]:
        return [
            ("POST /v2/core/accounts", self.create),
            ("GET /v2/core/accounts/{id}", self.retrieve),
            ("POST /v2/core/account_links", self.create_link),
            ("GET /onboarding/{token}", self.open_link),
            ("POST /onboarding/{token}", self.finish_link),
        ]

    def controls(self) -> list[tuple[str, Endpoint]]:
        return [
            ("POST /_sandbox/accounts/{id}", self.change),
            ("POST /_sandbox/accounts/{id}/payout_failed", self.payout_failed),
        ]

    def create(self, request: Request) -> Answer:
        params = request.params
        check_v2("core.AccountCreateParams", params)
        configuration = params.get("configuration") or {}
        check_v2("core.AccountCreateParamsConfiguration", configuration, inside="configuration")
        recipient = configuration.get("recipient") or {}
        check_v2("core.AccountCreateParamsConfigurationRecipient", recipient, inside="configuration[recipient]")
        asked = recipient.get("capabilities") or {}
        inside = "configuration[recipient][capabilities]"
        check_v2("core.AccountCreateParamsConfigurationRecipientCapabilities", asked, inside=inside)
        account = Account(
            id=f"acct_{secrets.token_hex(8)}",
            created=self.box.now(),
            email=params.get("contact_email"),
            display_name=params.get("display_name"),
            dashboard=params.get("dashboard"),
            country=(params.get("identity") or {}).get("country"),
            metadata=dict(params.get("metadata") or {}),
            capabilities=dict.fromkeys(_requested(asked), "pending"),
        )
        self.by_id[account.id] = account
        self.note(account)
        return json_answer(self.shown(account, set(params.get("include") or ())))

    def retrieve(self, request: Request, id: str) -> Answer:  # noqa: A002 - the template's name
        include = {value for name, value in request.query if name.startswith("include")}
        return json_answer(self.shown(self._get(id), include))

    def create_link(self, request: Request) -> Answer:
        params = request.params
        check_v2("core.AccountLinkCreateParams", params)
        case = params["use_case"]
        check_v2("core.AccountLinkCreateParamsUseCase", case, inside="use_case")
        name = case["type"]
        if name not in {"account_onboarding", "account_update"}:
            raise error(400, "invalid_fields", f"Unknown use case: {name}", param="use_case[type]")
        suffix = "".join(part.title() for part in name.split("_"))
        options = case.get(name) or {}
        check_v2(f"core.AccountLinkCreateParamsUseCase{suffix}", options, inside=f"use_case[{name}]")
        account = self._get(params["account"])
        now, token = self.box.now(), secrets.token_urlsafe(24)
        expires = now + self.box.settings["link_seconds"]
        self._links[token] = Link(account.id, options["refresh_url"], options.get("return_url"), expires, name)
        while len(self._links) > KEPT:
            self._links.popitem(last=False)
        return json_answer(
            {
                "object": "v2.core.account_link",
                "account": account.id,
                "created": moment(now),
                "expires_at": moment(expires),
                "livemode": False,
                "url": f"{self.box.base_url}/onboarding/{token}",
                "use_case": {"type": name, name: options},
            }
        )

    def open_link(self, request: Request, token: str) -> Answer:
        """The hosted page; a link that is spent or too old leads to ``refresh_url`` instead."""
        link = self._links.get(token)
        if link is None:
            return page(
                title="This link is not known", body="<p>Ask for a new one where you came from.</p>", status=404
            )
        if link.session or self.box.now() > link.expires_at:
            return redirect(link.refresh_url)
        link.session = secrets.token_urlsafe(16)
        name = self.by_id[link.account].display_name or "you"
        return page(
            title="Set up your payouts",
            body=f"<p>The payment provider asks {escape(name)} for name, address and bank account here.</p>"
            f'<form method="post"><input type="hidden" name="session" value="{link.session}">'
            '<button name="action" value="complete">Complete onboarding</button>'
            '<button class="plain" name="action" value="leave">Leave without finishing</button></form>',
        )

    def finish_link(self, request: Request, token: str) -> Answer:
        link = self._links.get(token)
        sent = request.params
        if link is None or link.finished or not link.session or sent.get("session") != link.session:
            return redirect(link.refresh_url) if link else page(title="This link is not known", body="", status=404)
        link.finished = True
        account = self.by_id[link.account]
        if sent.get("action") == "complete":
            account.destinations = account.destinations or [secrets.token_hex(8)]
            self.set_status(account, "active")
            data = {"account_id": account.id, "configurations": ["recipient"], "use_case": link.use_case}
            self._thin(LINK_RETURNED, {"data": data})
        if link.return_url is None:
            return page(title="Thank you", body="<p>You can close this page.</p>")
        return redirect(link.return_url)

    def change(self, asked: dict[str, Any], id: str) -> Answer:  # noqa: A002 - the template's name
        """What no API call of the platform can do.

        ``{"status"?, "capability"?, "closed"?, "balance"?: {"gbp": 0}, "destinations"?: […]}``
        """
        account = self._control(id)
        if "status" in asked:
            if asked["status"] != "active" and asked["status"] not in DETAILS:
                raise ValueError(f"no such status: {asked['status']}")
            self.set_status(account, asked["status"], only=asked.get("capability"))
        account.closed = bool(asked.get("closed", account.closed))
        account.balances.update(asked.get("balance", {}))
        account.destinations = list(asked.get("destinations", account.destinations))
        self.note(account)
        return json_answer({"capabilities": account.capabilities, "balances": account.balances})

    def payout_failed(self, asked: dict[str, Any], id: str) -> Answer:  # noqa: A002 - the template's name
        """The connected account's own payout to its bank bounced."""
        account = self._control(id)
        payout = {
            "id": f"po_{secrets.token_hex(12)}",
            "object": "payout",
            "amount": int(asked.get("amount_minor", 1000)),
            "currency": asked.get("currency", "gbp").lower(),
            "created": int(self.box.now()),
            "status": "failed",
            "failure_code": asked.get("failure_code", "account_closed"),
            "failure_message": "The bank account has been closed.",
            "livemode": False,
            "metadata": {},
        }
        return json_answer({"event_id": self.box.emit("payout.failed", payout, account=account.id)})

    def set_status(self, account: Account, status: str, *, only: str | None = None) -> None:
        """Move the capabilities and say so, one thin event each."""
        for name, before in account.capabilities.items():
            if before != status and only in (None, name):
                account.capabilities[name] = status
                related = {
                    "id": account.id,
                    "type": "v2.core.account",
                    "url": f"/v2/core/accounts/{account.id}",
                }
                self._thin(STATUS_CHANGED, {"data": {"updated_capability": name}}, related)
        self.note(account)

    def note(self, account: Account) -> None:
        self.box.journal.note("account", asdict(account))

    def restore(self, kind: str, data: dict[str, Any]) -> None:
        self.by_id[data["id"]] = Account(**data)

    def summary(self) -> list[dict[str, Any]]:
        return [
            {"id": row.id, "capabilities": row.capabilities, "balances": row.balances, "closed": row.closed}
            for row in self.by_id.values()
        ]

    def shown(self, account: Account, include: set[str]) -> dict[str, Any]:
        capabilities: dict[str, Any] = {}
        for name, status in account.capabilities.items():
            code, resolution = DETAILS.get(status, ("", ""))
            details = [{"code": code, "resolution": resolution}] if code else []
            place = capabilities
            *outer, last = name.split(".")
            for part in outer:
                place = place.setdefault(part, {})
            place[last] = {"status": status, "status_details": details}
        configuration = {
            "customer": None,
            "merchant": None,
            "recipient": {"applied": True, "capabilities": capabilities}
            if "configuration.recipient" in include
            else None,
        }
        shows = any(name.startswith("configuration.") for name in include)
        return {
            "id": account.id,
            "object": "v2.core.account",
            "applied_configurations": ["recipient"],
            "closed": account.closed,
            "configuration": configuration if shows else None,
            "contact_email": account.email,
            "contact_phone": None,
            "created": moment(account.created),
            "dashboard": account.dashboard,
            "defaults": None,
            "display_name": account.display_name,
            "future_requirements": None,
            "identity": {"country": account.country} if "identity" in include else None,
            "livemode": False,
            "metadata": account.metadata,
            "requirements": {"entries": [], "summary": None} if "requirements" in include else None,
        }

    def thin(self, kind: str, related: dict[str, str]) -> str:
        """A thin event on one object."""
        return self._thin(kind, {}, related)

    def _thin(self, kind: str, full: dict[str, Any], related: dict[str, str] | None = None) -> str:
        event_id = f"evt_test_{secrets.token_hex(12)}"
        event: dict[str, Any] = {
            "id": event_id,
            "object": "v2.core.event",
            "type": kind,
            "created": moment(self.box.now()),
            "livemode": False,
            "context": None,
            "reason": None,
        }
        if related is not None:
            event["related_object"] = related
        self.event_data[event_id] = full
        while len(self.event_data) > KEPT:
            self.event_data.popitem(last=False)
        self.box.webhooks.emit(event_id, kind, to_json(event))
        return event_id

    def _get(self, account_id: str) -> Account:
        if account_id not in self.by_id:
            raise error(404, "not_found", f"Account not found: {account_id}")
        return self.by_id[account_id]

    def _control(self, account_id: str) -> Account:
        if account_id not in self.by_id:
            raise ValueError("no such account")
        return self.by_id[account_id]


def _requested(asked: dict[str, Any], path: str = "") -> list[str]:
    """The dotted names of the capabilities that say ``requested``."""
    found = []
    for name, inner in asked.items():
        dotted = f"{path}{name}"
        if not isinstance(inner, dict):
            raise error(400, "invalid_fields", f"{dotted} must be an object.", param=dotted)
        if inner.get("requested") is True:
            found.append(dotted)
        elif "requested" not in inner:
            found += _requested(inner, f"{dotted}.")
    return found
