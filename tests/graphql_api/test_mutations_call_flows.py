import importlib
import inspect
import types

import pytest

from graphql_api.schema import Mutation

# Where the flow's file offers it in another form, and why the mutation takes that one.
FORMS = {
    "exchange_login_token": "exchange_login_token_in_app",  # bearer tokens, where pages get a cookie
    "join_group": "join_group_by_email",  # a friend has an address; the referral is of our making
}
MUTATIONS = {field.python_name: field.base_resolver.wrapped_func for field in Mutation.__strawberry_definition__.fields}


def used_by(function):
    """What a function names, and what those below it in its own file do whose names begin with “_”."""
    inside = inspect.unwrap(function)
    for name in inside.__code__.co_names:
        found = inside.__globals__.get(name)
        yield found
        if name.startswith("_") and isinstance(found, types.FunctionType) and found.__module__ == inside.__module__:
            yield from used_by(found)


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_a_mutation_calls_the_flow_of_its_name(name):
    module = importlib.import_module(f"referral_blocks.flows.{name}")
    flow = getattr(module, FORMS.get(name, name))
    assert flow.__module__ == module.__name__  # not one that it imports from a concept
    assert any(one is flow for one in used_by(MUTATIONS[name]))


def test_every_form_is_of_a_mutation_and_in_the_file_of_its_flow():
    assert set(FORMS) <= set(MUTATIONS)
    assert all(hasattr(importlib.import_module(f"referral_blocks.flows.{name}"), name) for name in FORMS)
