"""The schema: each concept package adds its queries and mutations here."""

from __future__ import annotations

from typing import Any

import strawberry
from graphql import GraphQLEnumType, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import CustomGraphQLEnumType
from strawberry.types.cast import get_strawberry_type_cast
from strawberry_django.optimizer import DjangoOptimizerExtension

from .analytics.leaderboard import LeaderboardQuery
from .connections import MAX_PAGE
from .deadline import check_between_mutations
from .executor import Executor
from .groups.mutations import GroupsMutation
from .groups.queries import GroupsQuery
from .guard import Guard
from .limits import LimitedParsing, LimitedValidation, TokenLimit
from .links.mutations import LinksMutation
from .links.queries import LinksQuery
from .links.visits import VisitsMutation
from .nodes import NodesQuery
from .pages.queries import PagesQuery
from .payouts.mutations import PayoutsMutation
from .people.mutations import PeopleMutation
from .points.mutations import PointsMutation
from .programs.queries import ProgramsQuery
from .referrals.mutations import ReferralsMutation
from .referrers.consents import ConsentsMutation
from .referrers.mutations import ReferrersMutation
from .referrers.opened_groups import OpenedGroupsMutation
from .referrers.queries import ReferrersQuery
from .referrers.sign_out import SignOutMutation
from .rewards.mutations import RewardsMutation
from .scalars import SCALARS
from .server import ServerMutation, ServerQuery
from .shortcuts import add_shortcuts
from .subscription import Subscription

LIBRARY_LAST = "Returns the items in the list that come after the specified cursor."
PAGE_ARGUMENTS = {
    "first": f"How many from the beginning, 0 to {MAX_PAGE}, which is also the default.",
    "after": "Only what comes after this cursor.",
    "last": f"How many from the end, 0 to {MAX_PAGE}.",
    "before": "Only what comes before this cursor.",
}


@strawberry.type(description="What can be read.")
class Query(
    GroupsQuery, LeaderboardQuery, LinksQuery, NodesQuery, PagesQuery, ProgramsQuery, ReferrersQuery, ServerQuery
):
    pass


@strawberry.type(description="What can be done. Each returns what it made, or says in errors why it was refused.")
class Mutation(
    ConsentsMutation,
    GroupsMutation,
    LinksMutation,
    OpenedGroupsMutation,
    PayoutsMutation,
    PeopleMutation,
    PointsMutation,
    ReferralsMutation,
    ReferrersMutation,
    RewardsMutation,
    ServerMutation,
    SignOutMutation,
    VisitsMutation,
):
    pass


def _name_of(root: Any, _info: Any, _abstract: Any) -> str:
    kind = get_strawberry_type_cast(root) or type(root)
    return str(kind.__strawberry_definition__.name)  # type: ignore[attr-defined]


class Schema(strawberry.Schema):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._restore_enums()
        self._restore_abstract()
        self._restore_types()
        self._describe_pages()
        check_between_mutations(self._schema)
        add_shortcuts(self._schema)

    def _restore_enums(self) -> None:
        """Sorting replaces the library's enum types by plain ones, which know values and not members."""
        for name, kind in self._schema.type_map.items():
            known = self.schema_converter.type_map.get(name)
            if isinstance(kind, GraphQLEnumType) and known and isinstance(known.implementation, CustomGraphQLEnumType):
                kind.__class__ = CustomGraphQLEnumType
                kind.wrapped_cls = known.implementation.wrapped_cls  # type: ignore[attr-defined]

    def _restore_abstract(self) -> None:
        """Sorting replaces the members of unions and interfaces by copies, which the library then does not recognise: a
        member is known by its class, at once and whatever their number. What a row of a table is shown as is marked on
        it (graphql_api/nodes.py)."""
        for kind in self._schema.type_map.values():
            if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
                kind.resolve_type = _name_of

    def _restore_types(self) -> None:
        """Sorting replaces types by copies. The optimizer compares what fragments are on with the types that it knows,
        and would plan nothing for a fragment: a query for each row."""
        for name, known in self.schema_converter.type_map.items():
            if name in self._schema.type_map:
                known.implementation = self._schema.type_map[name]

    def _describe_pages(self) -> None:
        """The library says of ``last`` what it says of ``after``."""
        for kind in self._schema.type_map.values():
            for field in kind.fields.values() if isinstance(kind, GraphQLObjectType) else ():
                if PAGE_ARGUMENTS.keys() <= field.args.keys() and field.args["last"].description == LIBRARY_LAST:
                    for name, words in PAGE_ARGUMENTS.items():
                        field.args[name].description = words

    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """Logs nothing: the library's own log line quotes the document, which may hold tokens. graphql_api.errors logs
        what nobody foresaw."""


schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    extensions=[TokenLimit, LimitedParsing, LimitedValidation, Guard, DjangoOptimizerExtension],
    execution_context_class=Executor,
    config=StrawberryConfig(sort_schema=True, relay_max_results=MAX_PAGE, scalar_map=SCALARS),
)
