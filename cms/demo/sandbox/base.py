"""What both stand-ins share: one lock round the books, keys remembered, a clock that can be moved, faults on demand."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .faults import Fault, Faults
from .idempotency import Memory, Seen
from .journal import Journal
from .routes import Endpoint, Found, Routes
from .webhooks import Signer, Webhooks
from .wire import Answer, Refusal, Request

# A million in each currency, in minor units.
START_BALANCES = {"GBP": 100_000_000, "EUR": 100_000_000, "USD": 100_000_000}


class Sandbox:
    """What the two stand-ins share. A subclass gives ``routes``, its words for refusals, and its books."""

    name = ""
    signer: Signer
    routes: Routes
    memories: dict[str, Memory]
    # Settings that ``POST /_sandbox/settings`` may change, with their defaults.
    defaults: dict[str, Any] = {}

    def __init__(self, *, books: Path | None = None, api_key: str) -> None:
        self.api_key = api_key
        self.lock = threading.RLock()
        self.faults = Faults()
        self.webhooks = Webhooks(self.signer)
        self.journal = Journal(books)
        self.requests: Counter[str] = Counter()
        self.violations: list[dict[str, Any]] = []
        self.balances = dict(START_BALANCES)
        self.settings = dict(self.defaults)
        self.clock_offset = 0.0
        self.base_url = ""

    # What a subclass says.

    def controls(self) -> list[tuple[str, Endpoint]]:
        """Controls of this stand-in only."""
        return []

    def respond(self, request: Request, found: Found | None, fault: Fault | None) -> Answer:
        """Authenticate and do the work; ``found`` is None for a path that the provider does not have."""
        raise NotImplementedError

    def rate_limited(self) -> Answer:
        raise NotImplementedError

    def in_progress(self, memory: Memory | None, status: int | None = None) -> Answer:
        raise NotImplementedError

    def other_request(self, memory: Memory) -> Answer:
        raise NotImplementedError

    def failure(self, fault: Fault, request: Request) -> Answer:
        """The provider's own body for a status on demand."""
        raise NotImplementedError

    def remembers(self, memory: Memory, answer: Answer) -> bool:
        """Whether later requests with the key get this answer again."""
        raise NotImplementedError

    def restore(self, kind: str, data: Any) -> None:
        """One change of an earlier run, from the journal."""
        raise NotImplementedError

    def books(self) -> dict[str, Any]:
        """The provider's side of the truth; the base adds what both know."""
        raise NotImplementedError

    # What they share.

    def load(self) -> None:
        """Bring back what an earlier run wrote down."""
        for kind, data in self.journal.load():
            if kind == "balances":
                self.balances = data
            elif kind == "clock":
                self.clock_offset = data
            elif kind == "answer":
                self._restore_answer(data)
            else:
                self.restore(kind, data)

    def now(self) -> float:
        """Unix time on the stand-in's clock."""
        return time.time() + self.clock_offset

    def note_balances(self) -> None:
        """To be called in the commit that moved a balance."""
        self.journal.note("balances", dict(self.balances))

    def handle(self, request: Request) -> Answer | None:
        """The answer; None closes the connection without one."""
        found = self.routes.find(request)
        with self.lock:
            self.requests[found.template if found else "unknown"] += 1
        fault = self.faults.pick(request.method, request.path)
        if fault is not None and not fault.reaches_the_work:
            return self._instead(fault, request)
        answer = self._answered(request, found, fault)
        if fault is not None and fault.kind == "in_progress":
            return self.in_progress(None, fault.status)
        return None if fault is not None and fault.kind == "drop_after_commit" else answer

    def _instead(self, fault: Fault, request: Request) -> Answer | None:
        if fault.kind == "rate_limit":
            return self.rate_limited()
        if fault.kind == "in_progress":
            return self.in_progress(None, fault.status)
        return self.failure(fault, request) if fault.kind == "status" else None

    def _answered(self, request: Request, found: Found | None, fault: Fault | None) -> Answer:
        try:
            return self.respond(request, found, fault)
        except Refusal as refusal:
            return refusal.answer
        except Exception as broken:  # noqa: BLE001 - a hole in the stand-in must not look like a lost answer
            self.violations.append({"path": request.path, "message": f"the stand-in broke: {broken!r}"})
            return self.failure(Fault("status", status=500), request)

    def run(
        self, work: Callable[[], Answer], *, request: Request, fault: Fault | None,
        memory: Memory | None = None, key: str = "", fingerprint: bytes = b"",
    ) -> Answer:  # fmt: skip
        """Do ``work`` under the lock, once a key: later requests with the key get the first outcome."""
        if memory is None:
            return self._execute(work, request, fault)
        with self.lock:
            seen, known = memory.begin(key, fingerprint, self.now())
        if seen is Seen.RUNNING:
            return self.in_progress(memory)
        if seen is Seen.OTHER_REQUEST:
            return self.other_request(memory)
        if known is not None:
            return self.replayed(known)
        finished = False

        def remember(answer: Answer) -> None:
            nonlocal finished
            finished = True
            if self.remembers(memory, answer):
                memory.finish(key, answer)
                data = [memory.name, key, fingerprint.hex(), memory.at(key), answer.status, answer.body.decode()]
                self.journal.note("answer", data)
            else:
                memory.release(key, keep_request=answer.executed)

        try:
            return self._execute(work, request, fault, remember)
        finally:
            if not finished:
                with self.lock:
                    memory.release(key)

    def _restore_answer(self, data: list[Any]) -> None:
        name, key, print_, at, status, body = data
        self.memories[name].put(key, bytes.fromhex(print_), at, Answer(status, body.encode()))

    def replayed(self, answer: Answer) -> Answer:
        """A first outcome, sent again."""
        return answer

    def _execute(
        self, work: Callable[[], Answer], request: Request, fault: Fault | None,
        remember: Callable[[Answer], None] | None = None,
    ) -> Answer:  # fmt: skip
        slow = fault if fault is not None and fault.kind == "slow" else None
        if slow is not None and slow.when == "before":
            time.sleep(slow.seconds)
        with self.lock:
            failing = fault if fault is not None and fault.kind == "status" else None
            if failing is not None and not failing.commit:
                answer = kept = self.failure(failing, request)
            else:
                try:
                    answer = kept = work()
                except Refusal as refusal:
                    answer = kept = refusal.answer
                if failing is not None:
                    answer = self.failure(failing, request)
                    kept = answer if failing.cache else kept
            if remember is not None:
                remember(kept)
            self.journal.commit()
        if slow is not None and slow.when != "before":
            time.sleep(slow.seconds)
        return answer
