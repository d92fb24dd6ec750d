import ast
import importlib
import pkgutil
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

import referral_blocks
from graphql_api.errors import UserErrorCode
from graphql_api.referrals.types import ReferralStage
from graphql_api.rewards.types import PendingReasonKind, RewardSide, RewardState
from graphql_api.schema import schema
from referral_blocks.core.errors import DomainError
from referral_blocks.referrals import models as referrals
from referral_blocks.rewards import models as rewards


def undescribed():
    for name, kind in schema._schema.type_map.items():
        if name.startswith("__"):
            continue
        if not kind.description:
            yield name
        if isinstance(kind, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, it in kind.values.items() if not it.description)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field, it in kind.fields.items():
                if not it.description:
                    yield f"{name}.{field}"
                arguments = getattr(it, "args", {})
                yield from (f"{name}.{field}({arg}:)" for arg, a in arguments.items() if not a.description)


def test_everything_in_the_schema_says_what_it_is():
    assert list(undescribed()) == []


@pytest.mark.parametrize(
    ("shown", "stored"),
    [
        (RewardSide, rewards.Side),
        (RewardState, rewards.RewardState),
        (PendingReasonKind, rewards.Reason),
        (ReferralStage, referrals.Stage),
    ],
)
def test_enums_show_every_stored_value(shown, stored):
    assert {member.name: member.value for member in shown} == {member.name: member.value for member in stored}


def domain_errors(root=DomainError):
    yield root
    for kind in root.__subclasses__():
        yield from domain_errors(kind)


def raised_codes():
    """The codes of every DomainError in the plugin: class defaults, and what ``code=`` says where one is raised."""
    for module in pkgutil.walk_packages(referral_blocks.__path__, "referral_blocks."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
    kinds = {kind.__name__: kind for kind in domain_errors()}
    yield from (kind.code for kind in kinds.values())
    for file in Path(referral_blocks.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if name in kinds:
                yield from (
                    k.value.value for k in node.keywords if k.arg == "code" and isinstance(k.value, ast.Constant)
                )
            elif name == "_refuse" and isinstance(node.args[1], ast.Constant):  # message, code, path
                yield node.args[1].value


def test_every_code_that_the_plugin_raises_is_in_the_enum_and_no_other():
    assert {member.value for member in UserErrorCode} == set(raised_codes())


def test_moments_and_amounts_have_scalars_of_their_own():
    scalars = schema._schema.type_map
    assert scalars["DateTime"].specified_by_url == "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6"
    assert str(scalars["Money"].fields["amountMinor"].type) == "BigInt!"


def test_every_payload_says_in_one_way_why_it_was_refused():
    mutations = schema._schema.mutation_type.fields
    assert {name: str(field.type.fields["errors"].type) for name, field in mutations.items()} == dict.fromkeys(
        mutations, "[UserError!]!"
    )


def test_every_list_in_pages_counts():
    lists = [one for name, one in schema._schema.type_map.items() if name.endswith("Connection")]
    assert {str(one.fields["totalCount"].type) for one in lists} == {"Int!"}
