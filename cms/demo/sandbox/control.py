"""``/_sandbox/…``: how a test or the demo looks into the books, moves the clock and asks for faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .base import Sandbox
from .routes import Routes
from .wire import Answer, Request, json_answer


def controlled(sandbox: Sandbox) -> Callable[[Request], Answer | None]:
    """The stand-in with its controls in front; these need no key: only this machine can reach them."""
    control = Control(sandbox)

    def answer(request: Request) -> Answer | None:
        if request.path.startswith("/_sandbox"):
            return control.answer(request)
        return sandbox.handle(request)

    return answer


class Control:
    """The controls that both stand-ins have, and those that a stand-in adds as ``controls``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._routes = Routes(
            [
                ("GET /_sandbox/health", self.health),
                ("GET /_sandbox/books", self.books),
                ("GET /_sandbox/events", self.events),
                ("GET /_sandbox/faults", self.list_faults),
                ("POST /_sandbox/faults", self.add_fault),
                ("DELETE /_sandbox/faults", self.clear_faults),
                ("POST /_sandbox/clock", self.clock),
                ("POST /_sandbox/balance", self.balance),
                ("POST /_sandbox/settings", self.settings),
                ("POST /_sandbox/webhooks", self.add_webhook),
                ("DELETE /_sandbox/webhooks", self.clear_webhooks),
                ("POST /_sandbox/webhooks/resend", self.resend),
                *sandbox.controls(),
            ]
        )

    def answer(self, request: Request) -> Answer:
        """What the control says; 400 names what is wrong with the request."""
        found = self._routes.find(request)
        if found is None:
            return json_answer({"error": "no such control"}, 404)
        try:
            asked = json.loads(request.body) if request.body else {}
            with self.sandbox.lock:
                answer = found.endpoint(asked, **found.parts)
                self.sandbox.journal.commit()
        except (KeyError, TypeError, ValueError) as wrong:
            return json_answer({"error": f"{type(wrong).__name__}: {wrong}"}, 400)
        return answer

    def health(self, asked: dict[str, Any]) -> Answer:
        return json_answer({"name": self.sandbox.name, "ok": True})

    def books(self, asked: dict[str, Any]) -> Answer:
        box = self.sandbox
        return json_answer(
            {
                "provider": box.name,
                **box.books(),
                "balances": box.balances,
                "requests": dict(box.requests),
                "violations": box.violations,
                "faults": box.faults.as_list(),
                "deliveries": list(box.webhooks.deliveries),
            }
        )

    def events(self, asked: dict[str, Any]) -> Answer:
        return json_answer({"events": self.sandbox.webhooks.recent()})

    def list_faults(self, asked: dict[str, Any]) -> Answer:
        return json_answer({"faults": self.sandbox.faults.as_list()})

    def add_fault(self, asked: dict[str, Any]) -> Answer:
        self.sandbox.faults.add(asked)
        return self.list_faults(asked)

    def clear_faults(self, asked: dict[str, Any]) -> Answer:
        self.sandbox.faults.clear()
        return self.list_faults(asked)

    def clock(self, asked: dict[str, Any]) -> Answer:
        """The clock only goes forward."""
        seconds = float(asked["advance_seconds"])
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        self.sandbox.clock_offset += seconds
        self.sandbox.journal.note("clock", self.sandbox.clock_offset)
        return json_answer({"now": self.sandbox.now()})

    def balance(self, asked: dict[str, Any]) -> Answer:
        self.sandbox.balances[asked["currency"].upper()] = int(asked["amount_minor"])
        self.sandbox.note_balances()
        return json_answer(self.sandbox.balances)

    def settings(self, asked: dict[str, Any]) -> Answer:
        if unknown := set(asked) - set(self.sandbox.defaults):
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        self.sandbox.settings.update(asked)
        return json_answer(self.sandbox.settings)

    def add_webhook(self, asked: dict[str, Any]) -> Answer:
        self.sandbox.webhooks.add_endpoint(asked["url"], asked["secret"], tuple(asked.get("events", ())))
        return json_answer({"ok": True})

    def clear_webhooks(self, asked: dict[str, Any]) -> Answer:
        self.sandbox.webhooks.clear()
        return json_answer({"ok": True})

    def resend(self, asked: dict[str, Any]) -> Answer:
        sent = self.sandbox.webhooks.resend(asked["event_id"])
        return json_answer({"sent": sent}, 200 if sent else 404)
