"""The schema as a document for people: by concept, with everything linked, and with who may ask as the code has it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.template.loader import render_to_string
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
    is_specified_scalar_type,
)
from graphql.language import print_ast
from graphql.utilities import ast_from_value

from referral_blocks.core.conf import Conf

from .connections import MAX_PAGE
from .cost import MUTATION
from .idempotency import MONEY
from .limits import MAX_ALIASES, MAX_FIELDS, MAX_OPERATIONS, MAX_TOKENS
from .operation import MAX_BODY
from .schema import schema

ROOTS = ("Query", "Mutation", "Subscription")
# The concepts in the order in which somebody meets them; one that is not here comes after them under its own name.
TITLES = {
    "programs": "Programmes and what they offer",
    "pages": "Pages and blocks",
    "links": "Links, visits and shares",
    "referrers": "Joining, signing in and the referrer",
    "referrals": "Friends",
    "groups": "Group deals",
    "rewards": "A referrer’s rewards",
    "points": "A referrer’s points and statement",
    "payouts": "A referrer’s payout accounts",
    "people": "People",
    "money": "Amounts",
    "server": "All records of a site",
    "records": "Records of systems and staff",
    "sales": "Recording sales",
    "analytics": "Figures and leaderboard",
    "access": "API keys",
    "webhooks": "Webhooks",
    "activity": "What happens in a programme",
    "nodes": "Anything by its id",
    "errors": "Refusals",
}
SCOPE = re.compile(r"\bscope (\w+:\w+)")
PAGING = {"first", "last", "after", "before"}
# Who it is for, where neither a scope nor the resolver's own code says it.
FOR = {
    "Query.viewer": "a referrer; null for others",
    "Query.server": "an API key, and staff; each of its fields asks for a scope",
    "Query.node": "anybody, for what they may see",
    "Query.nodes": "anybody, for what they may see",
    "Mutation.erasePerson": "whoever has the token of a mail",
    "Mutation.exchangeLoginToken": "whoever has the token of a sign-in link",
    "Mutation.refreshSession": "whoever has the refresh token",
    "Mutation.revokeSession": "whoever has the refresh token",
    "Subscription.viewerStanding": "a referrer who has opened a sign-in link",
}
PAGED = re.compile(r"(\w+)(?:Connection|Edge)$")


def reference() -> str:
    """The whole document as Markdown, in the language that is active."""
    kinds = schema._schema.type_map
    homes = _homes()
    bodies = {concept: list(_concept(concept, homes)) for concept in sorted(set(homes.values()), key=_place)}
    concepts = [concept for concept, body in bodies.items() if body]
    parts = list(chain.from_iterable([f"## {_title(concept)}\n", *bodies[concept]] for concept in concepts))
    given = {
        "contents": [(_title(concept), _slug(_title(concept))) for concept in concepts],
        "conf": Conf(),
        "money": sorted(MONEY),
        "scalars": [kind for kind in kinds.values() if _is_own_scalar(kind)],
        "max_page": MAX_PAGE, "mutation": MUTATION, "max_body": MAX_BODY, "max_tokens": MAX_TOKENS,
        "max_fields": MAX_FIELDS, "max_aliases": MAX_ALIASES, "max_operations": MAX_OPERATIONS,
    }  # fmt: skip
    head = render_to_string("graphql_api/reference.md", given)
    return re.sub(r"\n{3,}", "\n\n", head + "\n" + "\n".join(parts)).strip() + "\n"


def _homes() -> dict[str, str]:
    """type's name or Root.field → the concept whose package defines it."""
    homes = {}
    for name, known in schema.schema_converter.type_map.items():
        origin = getattr(known.definition, "origin", None) or getattr(known.definition, "wrapped_cls", None)
        module = getattr(origin, "__module__", "") if origin is not None else "graphql_api.pages"
        if name == "Node":
            homes[name] = "nodes"
        elif name in ROOTS:
            for field in getattr(known.definition, "fields", ()):
                homes[f"{name}.{schema.config.name_converter.from_field(field)}"] = _concept_of(field.origin.__module__)
        elif module.startswith("graphql_api.") and not PAGED.match(name):
            homes[name] = _concept_of(module)
    return homes


def _concept_of(module: str) -> str:
    concept = module.split(".")[1]
    return "pages" if concept == "stranger" else concept


def _place(concept: str) -> tuple[int, str]:
    order = list(TITLES)
    return (order.index(concept) if concept in TITLES else len(order), concept)


def _title(concept: str) -> str:
    return TITLES.get(concept, concept.replace("_", " ").capitalize())


def _slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _concept(concept: str, homes: dict[str, str]) -> Iterator[str]:
    for root in ROOTS:
        fields = getattr(schema._schema.type_map.get(root), "fields", {})
        for name, field in fields.items():
            if homes.get(f"{root}.{name}") == concept:
                yield from _operation(root, name, field)
    for name, kind in sorted(schema._schema.type_map.items()):
        if homes.get(name) == concept and name not in ROOTS:
            yield from _type(kind)


def _operation(root: str, name: str, field: GraphQLField) -> Iterator[str]:
    yield f"### {root}.{name}\n"
    once = " · takes an [`Idempotency-Key`](#money-moves-once)" if root == "Mutation" and name in MONEY else ""
    yield f"`{root.lower()}` → {_link(field.type)} · for {_who(root, name, field)}{once}\n"
    yield f"{_prose(field)}\n"
    yield from _arguments(field.args, indent="")
    yield ""


def _who(root: str, name: str, field: GraphQLField) -> str:
    """Whom the resolver lets pass, by what it says and by what it calls."""
    if known := FOR.get(f"{root}.{name}"):
        return known
    if found := SCOPE.search(field.description or ""):
        return f"an API key with `{found.group(1)}`, and staff with the right to it"
    if "require_referrer(" in _source(root, name):
        return "a referrer who has opened a sign-in link"
    return "anybody"


def _source(root: str, name: str) -> str:
    """The code of the root field's resolver."""
    converter = schema.config.name_converter
    fields = schema.schema_converter.type_map[root].definition.fields  # type: ignore[union-attr]
    found = next(f for f in fields if converter.from_field(f) == name)
    return inspect.getsource(inspect.unwrap(found.base_resolver.wrapped_func)) if found.base_resolver else ""


def _type(kind: GraphQLNamedType) -> Iterator[str]:
    yield f"### {kind.name}\n"
    yield f"{_word(kind)} {_prose(kind)}".strip() + "\n"
    if isinstance(kind, GraphQLEnumType):
        for name, value in kind.values.items():
            yield f"- `{name}`: {_prose(value)}"
    elif isinstance(kind, GraphQLUnionType):
        yield ", ".join(_link(member) for member in kind.types)
    elif isinstance(kind, GraphQLInputObjectType):
        yield from _arguments(kind.fields, indent="")
    elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        inherited = set(chain.from_iterable(interface.fields for interface in kind.interfaces))
        for name, field in kind.fields.items():
            if name in inherited and isinstance(kind, GraphQLObjectType) and kind.name.endswith("Block"):
                continue  # said once, where the interface is
            yield f"- `{name}` {_link(field.type)}: {_prose(field)}"
            yield from _arguments({n: a for n, a in field.args.items() if n not in PAGING}, indent="  ")
    yield ""


def _word(kind: GraphQLNamedType) -> str:
    interfaces = getattr(kind, "interfaces", ())
    what = {
        GraphQLEnumType: "Enum.", GraphQLUnionType: "Union.", GraphQLInputObjectType: "Input.",
        GraphQLInterfaceType: "Interface.",
    }.get(type(kind), "")  # fmt: skip
    if interfaces:
        what += f" Implements {', '.join(_link(interface) for interface in interfaces)}."
    return what.strip()


def _arguments(given: Any, *, indent: str) -> Iterator[str]:
    for name, argument in given.items():
        yield f"{indent}- `{name}` {_link(argument.type)}{_default(argument)}: {_prose(argument)}"


def _default(argument: GraphQLArgument | GraphQLInputField) -> str:
    node = None
    if argument.default_value is not None and argument.default_value is not inspect.Parameter.empty:
        try:
            node = ast_from_value(argument.default_value, argument.type)
        except (TypeError, ValueError):
            node = None
    return f" = `{print_ast(node)}`" if node is not None and print_ast(node) != "null" else ""


def _link(kind: Any) -> str:
    """The type with its marks; a name that has a place here leads there."""
    named, text = get_named_type(kind), str(kind)
    if paged := PAGED.match(named.name):
        return f"[`{text}`](#lists) of [`{paged.group(1)}`](#{_slug(paged.group(1))})"
    if is_specified_scalar_type(named):
        return f"`{text}`"
    if named.name == "PageInfo":
        return f"[`{text}`](#lists)"
    return f"[`{text}`](#{'scalars' if isinstance(named, GraphQLScalarType) else _slug(named.name)})"


def _is_own_scalar(kind: GraphQLNamedType) -> bool:
    return isinstance(kind, GraphQLScalarType) and not is_specified_scalar_type(kind)


def _prose(described: Any) -> str:
    text = " ".join((described.description or "").split())
    if reason := getattr(described, "deprecation_reason", None):
        text += f" **Deprecated**: {reason}"
    return text.replace("<", "\\<").replace("|", "\\|")
