"""The errors that flows raise for bad input: a stable code, where it was, and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise


class DomainError(Exception):
    """A refusal that the caller can act on; nothing was written.

    ``code`` is stable and machine-readable, ``message`` is translated and for people, ``path`` names the input
    that has to change (empty when no single one does).
    """

    code = "invalid"

    def __init__(self, message: str | Promise, *, code: str | None = None, path: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = tuple(path)
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return str(self.message)


class InvalidInput(DomainError):
    """A value that is malformed or out of range."""


class NotFound(DomainError):
    """Something was named that does not exist here; says no more, so that nothing can be enumerated."""

    code = "not_found"


class Conflict(DomainError):
    """The same external id came with other content."""

    code = "conflict"


class NotAllowed(DomainError):
    """The caller is known but may not do this."""

    code = "not_allowed"


class NotPossibleNow(DomainError):
    """The thing exists but its state forbids the step."""

    code = "wrong_state"
