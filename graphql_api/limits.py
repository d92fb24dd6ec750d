"""How large and how deep a document may be, measured in linear time before it is validated."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
)
from graphql.language.ast import SelectionSetNode
from strawberry.extensions import MaxTokensLimiter, ParserCache, ValidationCache

from referral_blocks.core.conf import get_conf

from .errors import ErrorCode, refusal

MAX_TOKENS = 1_000
MAX_OPERATIONS = 5
MAX_ALIASES = 15
MAX_FIELDS = 500
MAX_KEPT = 32_000  # bytes of a text that stays in memory with what is known of it: so many texts are kept, not so much


class Size(NamedTuple):
    """What a selection holds once every fragment is spread out; ``meta``: whether it reads the schema."""

    fields: int = 0
    aliases: int = 0
    depth: int = 0
    meta: bool = False

    def plus(self, other: Size) -> Size:
        return Size(
            self.fields + other.fields,
            self.aliases + other.aliases,
            max(self.depth, other.depth),
            self.meta or other.meta,
        )

    def under(self, field: FieldNode) -> Size:
        """The field with this selection. How deep a look at the schema goes is for a rule of graphql-core to judge."""
        meta = field.name.value in ("__schema", "__type")
        aliases = self.aliases + (1 if field.alias else 0)
        return Size(self.fields + 1, aliases, 1 if meta else self.depth + 1, self.meta or meta)


class TokenLimit(MaxTokensLimiter):
    """Stops the parser early."""

    def __init__(self) -> None:
        super().__init__(MAX_TOKENS)


def is_kept(text: str | None) -> bool:
    """Whether what is found out about the text is kept for the next time. One that is long by its comments would fill
    the memory, made anew each time."""
    return sys.getsizeof(text) <= MAX_KEPT


class LimitedParsing(ParserCache):
    """Parses a document once, if it is kept."""

    def on_parse(self) -> Iterator[None]:
        if is_kept(self.execution_context.query):
            yield from super().on_parse()
        else:
            yield


class LimitedValidation(ValidationCache):
    """Validates a document once, if it is kept, and not at all when it is too large: some of the specification's rules
    take quadratic time."""

    def on_validate(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        refused = refuse(document) if document is not None else None
        if refused:
            self.execution_context.pre_execution_errors = [refused]
            yield
        elif is_kept(self.execution_context.query):
            yield from super().on_validate()
        else:
            yield


def refuse(document: DocumentNode) -> GraphQLError | None:
    """What to say to a document that passes a limit, or reads the schema where that is off; None when it is fine."""
    conf, size = get_conf(), measure(document)
    for found, most, words in (
        (size.operations, MAX_OPERATIONS, _("This document has more than %(max)d operations. Split it.")),
        (size.all.aliases, MAX_ALIASES, _("This document has more than %(max)d aliases. Split it.")),
        (size.all.fields, MAX_FIELDS, _("This document has more than %(max)d fields, fragments spread out. Split it.")),
    ):
        if found > most:
            return refusal(ErrorCode.TOO_COMPLEX, words % {"max": most})
    if size.all.depth > conf.API_MAX_DEPTH:
        return refusal(
            ErrorCode.TOO_COMPLEX,
            _("This document is nested too deeply: at most %(max)d levels.") % {"max": conf.API_MAX_DEPTH},
        )
    if size.all.meta and not conf.API_INTROSPECTION:
        return refusal(ErrorCode.INTROSPECTION_DISABLED, _("The schema cannot be read here."))
    return None


class DocumentSize(NamedTuple):
    operations: int
    all: Size


def measure(document: DocumentNode) -> DocumentSize:
    """All operations and fragments together. Each fragment is measured once, however often it is spread."""
    known = _measured if document.loc and is_kept(document.loc.source.body) else _measured.__wrapped__
    return known(document)


@lru_cache(maxsize=128)  # as many as the library keeps parsed; the same text is then the same document
def _measured(document: DocumentNode) -> DocumentSize:
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    measured: dict[str, Size] = {}
    size = Size()
    for definition in (*operations, *fragments.values()):
        size = size.plus(_measure(definition.selection_set, fragments, measured))
    return DocumentSize(len(operations), size)


def _measure(
    selection_set: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], measured: dict[str, Size]
) -> Size:
    size = Size()
    for node in (selection_set.selections if selection_set else None) or ():
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in measured:
                measured[name] = Size()  # a cycle ends here; validation then refuses it
                if fragment := fragments.get(name):
                    measured[name] = _measure(fragment.selection_set, fragments, measured)
            size = size.plus(measured[name])
        elif isinstance(node, FieldNode):
            size = size.plus(_measure(node.selection_set, fragments, measured).under(node))
        elif isinstance(node, InlineFragmentNode):
            size = size.plus(_measure(node.selection_set, fragments, measured))
    return size
