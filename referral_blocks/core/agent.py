"""Who acts where no member of staff does: a system with an API key, whose name every audit row of its deeds keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MAX_AGENT = 120
_agent: ContextVar[str] = ContextVar("agent", default="")


def present_agent() -> str:
    """The name of the system that acts now; empty for people and for the system itself. A field's default."""
    return _agent.get()


@contextmanager
def acting_as(agent: str) -> Iterator[None]:
    """Every audit row that is written inside says that ``agent`` did it."""
    token = _agent.set(agent[:MAX_AGENT])
    try:
        yield
    finally:
        _agent.reset(token)
