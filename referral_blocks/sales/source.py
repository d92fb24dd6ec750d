"""The socket of sale sources: a file goes in, rows come out, each a sale or a refusal that says what to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.module_loading import import_string

from referral_blocks.core.conf import get_conf

MAX_BYTES = 5 * 1024 * 1024  # a larger file is read by nobody


@dataclass(frozen=True, slots=True)
class SaleRow:
    """One sale as the file has it. ``number`` is the row that people see: the heading is row 1. ``amount`` is in major
    units; an empty ``currency`` is the programme's; a naive ``occurred_at`` is in the programme's time zone."""

    number: int
    external_id: str
    friend_email: str
    amount: str
    currency: str = ""
    occurred_at: datetime | None = None
    product: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowRefusal:
    """A row that is no sale, why, and where."""

    number: int
    code: str
    message: str
    path: tuple[str, ...] = ()
    external_id: str = ""


class SaleSource(ABC):
    """One kind of file; registered by alias in REFERRAL_BLOCKS["SALE_SOURCES"]. The alias is stored with each sale."""

    label: str | Promise

    @abstractmethod
    def text(self, data: bytes) -> str:
        """The file as it is kept; raises InvalidInput with path ``file`` for one that cannot be read at all."""

    @abstractmethod
    def rows(self, text: str) -> Iterator[SaleRow | RowRefusal]:
        """Every row in the file's order, with rising numbers; the same at each call, because an import that broke off
        reads the file again."""


def sale_source(alias: str) -> SaleSource:
    """The source registered under ``alias``; raises KeyError for one that the host has removed."""
    source: type[SaleSource] = import_string(get_conf().SALE_SOURCES[alias])
    return source()


def sale_source_choices() -> list[tuple[str, str | Promise]]:
    """All registered sources for a select field."""
    return [(alias, import_string(path).label) for alias, path in get_conf().SALE_SOURCES.items()]
