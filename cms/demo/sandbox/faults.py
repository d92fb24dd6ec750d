"""Faults on demand: which request goes wrong, how, and how often."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

# "drop_after_commit"  the work is done and remembered, the connection closes without an answer
# "drop_before"        the connection closes and nothing was done
# "status"             ``status`` instead of the work; ``commit`` does the work first, ``cache`` remembers the answer
# "slow"               ``seconds`` pass before the work, or before the answer with ``when: "after"``
# "rate_limit"         429 in the provider's own words; never remembered
# "in_progress"        what the provider says while a first request with that key runs; the work IS done (``commit``)
KINDS = ("drop_after_commit", "drop_before", "status", "slow", "rate_limit", "in_progress")


@dataclass(slots=True)
class Fault:
    """One rule. Without ``times`` it lasts until the faults are cleared."""

    kind: str
    path_prefix: str = "/"
    method: str | None = None
    status: int = 500
    seconds: float = 0.0
    when: str = "before"
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    cache: bool = False
    commit: bool = False
    code: str | None = None
    hits: int = 0
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such kind of fault: {self.kind}")
        self.dice = random.Random(self.seed)  # noqa: S311 - repeatable on purpose

    @property
    def reaches_the_work(self) -> bool:
        """Whether the provider does, or at least remembers, something; else nothing of the request is kept."""
        return self.kind in {"drop_after_commit", "slow"} or self.commit or (self.kind == "status" and self.cache)

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is hit; counts it when it is."""
        if not path.startswith(self.path_prefix) or (self.method and self.method != method):
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if self.probability < 1 and self.dice.random() >= self.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """The rules in force, in the order in which they were asked for; the first that strikes counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def add(self, asked: dict[str, Any]) -> None:
        """A new rule; ``ValueError`` or ``TypeError`` for one that makes no sense."""
        asked = dict(asked)
        if asked.get("kind") == "in_progress":
            asked = {"status": 102, "commit": True, **asked}
        fault = Fault(**asked)
        with self._lock:
            self._rules.append(fault)

    def clear(self) -> None:
        """No more faults."""
        with self._lock:
            self._rules.clear()

    def pick(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request."""
        if not self._rules:
            return None
        with self._lock:
            return next((rule for rule in self._rules if rule.strikes(method, path)), None)

    def as_list(self) -> list[dict[str, Any]]:
        """Each rule and how often it struck."""
        with self._lock:
            return [
                {"kind": rule.kind, "path_prefix": rule.path_prefix, "times": rule.times, "hits": rule.hits}
                for rule in self._rules
            ]
