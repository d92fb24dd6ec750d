"""The errors that flows raise for bad input: a stable code, where it was, and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Self

from django.utils.functional import Promise


class DomainError(Exception):
    """A refusal that the caller can act on; nothing was written.

    ``code`` is stable and machine-readable, ``message`` is translated and for people, ``path`` names the input
    that has to change (empty when no single one does).
    """

    code = "invalid"
    others: tuple[DomainError, ...] = ()  # what else is wrong with the same input

    def __init__(self, message: str | Promise, *, code: str | None = None, path: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = tuple(path)
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return str(self.message)

    @property
    def all(self) -> tuple[DomainError, ...]:
        """This refusal and the others of the same input, in the order in which they were found: what people are shown,
        so that nobody has to send a form once for every mistake in it."""
        return (self, *self.others)

    def at(self, place: Callable[[tuple[str, ...]], Sequence[str]]) -> Self:
        """The same for an input that holds this one: each path is what ``place`` makes of it."""
        moved = copy(self)
        moved.path, moved.others = tuple(place(self.path)), tuple(one.at(place) for one in self.others)
        return moved


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


class Mistakes:
    """What ``gathering`` has found so far."""

    def __init__(self) -> None:
        self._found: list[DomainError] = []

    @contextmanager
    def check(self) -> Iterator[None]:
        """Keep the InvalidInput that is raised inside, and go on behind it; what would have been assigned is not, so
        that it can be used behind ``gathering`` only. Every other error is raised as it is."""
        try:
            yield
        except InvalidInput as error:
            self._found.extend(error.all)

    def raise_all(self) -> None:
        """Raise the first of them, which holds the others; nothing where there are none."""
        if self._found:
            first, *others = self._found
            first.others = tuple(others)
            raise first


@contextmanager
def gathering() -> Iterator[Mistakes]:
    """Judge each value of an input in a ``check`` of its own, and refuse all that are wrong at once::

        with gathering() as mistakes:
            with mistakes.check():
                address = clean_email(email)
            with mistakes.check():
                text = clean_text(note, max_length=500, path=("note",))

    For what can be judged by the input alone, or by what everybody may know, before any transaction. Never for what
    depends on whether a person is known: that is one refusal of its own, raised afterwards.
    """
    mistakes = Mistakes()
    yield mistakes
    mistakes.raise_all()
