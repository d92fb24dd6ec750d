"""How large a document may be, measured in linear time before it is validated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
)
from graphql.language.ast import SelectionSetNode
from strawberry.extensions import MaxTokensLimiter, ValidationCache

from .errors import ErrorCode, refusal

MAX_TOKENS = 1_000
MAX_OPERATIONS = 5
MAX_ALIASES = 15
MAX_FIELDS = 500


class Size(NamedTuple):
    """What a selection holds once every fragment is spread out."""

    fields: int = 0
    aliases: int = 0

    def plus(self, other: Size) -> Size:
        return Size(self.fields + other.fields, self.aliases + other.aliases)


class TokenLimit(MaxTokensLimiter):
    """Stops the parser early."""

    def __init__(self) -> None:
        super().__init__(MAX_TOKENS)


class LimitedValidation(ValidationCache):
    """Validates a document once, and not at all when it is too large: some of the specification's rules take quadratic
    time."""

    def on_validate(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        if document is not None and is_too_large(document):
            self.execution_context.pre_execution_errors = [
                refusal(ErrorCode.TOO_COMPLEX, _("This document asks for too much at once. Split it."))
            ]
            yield
        else:
            yield from super().on_validate()


def is_too_large(document: DocumentNode) -> bool:
    """Whether any limit is passed. Each fragment is measured once, however often it is spread."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    measured: dict[str, Size] = {}
    size = Size()
    for definition in (*operations, *fragments.values()):
        size = size.plus(_measure(definition.selection_set, fragments, measured))
    return len(operations) > MAX_OPERATIONS or size.aliases > MAX_ALIASES or size.fields > MAX_FIELDS


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
            size = size.plus(Size(1, 1 if node.alias else 0)).plus(_measure(node.selection_set, fragments, measured))
        elif isinstance(node, InlineFragmentNode):
            size = size.plus(_measure(node.selection_set, fragments, measured))
    return size
