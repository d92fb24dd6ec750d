"""A programme is started from plain values: checked first, then written once."""

import uuid

import pytest
from wagtail.models import Site

from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.start_program import (
    GroupInput,
    ProgramInput,
    check_program,
    free_slug,
    start_program,
)
from referral_blocks.groups.models import GroupOffer
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule
from referral_blocks.rewards.offers import RuleInput
from tests.make import make_program

pytestmark = pytest.mark.django_db


def given(**more):
    values = {
        "key": uuid.uuid4(), "site_id": Site.objects.get(is_default_site=True).pk, "name": "Bring a neighbour",
        "currency": "gbp", "rules": [RuleInput(side="friend", title="£10 off", amount="10")],
    }  # fmt: skip
    return ProgramInput(**{**values, **more})


def start(**more):
    return start_program(checked=check_program(given=given(**more)))


def test_a_draft_with_its_rules_and_group_offers():
    started = start(groups=[GroupInput("Three friends", 3, 72)], terms="Be kind.", theme="street")
    program = Program.objects.get()
    assert (started.program, started.already) == (program, False)
    assert (program.slug, program.currency, program.status, program.terms, program.theme) == (
        "bring-a-neighbour", "GBP", "draft", "Be kind.", "street",
    )  # fmt: skip
    assert list(RewardRule.objects.values_list("program", "title", "amount_minor")) == [(program.pk, "£10 off", 1000)]
    assert list(GroupOffer.objects.values_list("program", "size", "hours")) == [(program.pk, 3, 72)]


def test_the_same_key_makes_one_programme():
    key = uuid.uuid4()
    first, second = start(key=key), start(key=key, name="Another name")
    assert (first.already, second.already, second.program) == (False, True, first.program)
    assert (Program.objects.get().name, RewardRule.objects.count()) == ("Bring a neighbour", 1)


def test_a_form_that_arrives_twice_at_once_makes_one_programme(monkeypatch):
    """The second has looked for the key before the first has written it; the database decides."""
    key = uuid.uuid4()
    first = start(key=key)
    looked = iter([Program.objects.none()])
    find = Program.objects.filter
    monkeypatch.setattr(Program.objects, "filter", lambda **by: next(looked, None) or find(**by) if "public_id" in by
                        else find(**by))  # fmt: skip
    second = start(key=key)
    assert (second.already, second.program) == (True, first.program)
    assert Program.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Bring a neighbour", "bring-a-neighbour-2"),
        ("Приведи друга", "programme"),
        ("x" * 120, "x" * 55),
        ("Bring", "bring"),
    ],
)
def test_a_slug_is_made_from_the_name_and_free_on_the_site(name, slug):
    program = make_program(slug="bring-a-neighbour")
    assert free_slug(site_id=program.site_id, name=name) == slug


def test_another_site_may_have_the_same_slug():
    program = make_program(slug="bring-a-neighbour")
    other = Site.objects.create(hostname="other.example.com", root_page=program.site.root_page)
    assert free_slug(site_id=other.pk, name="Bring a neighbour") == "bring-a-neighbour"


def rule(**more):
    return RuleInput(**{"side": "friend", "title": "£10 off", "amount": "10", **more})


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        ({"currency": "XXQ"}, ("currency",), "invalid_currency"),
        ({"name": " "}, ("name",), "required"),
        ({"theme": "nonsense"}, ("theme",), "unknown_choice"),
        ({"rules": [rule(), rule(amount="-1")]}, ("rules", "1", "amount"), "invalid_amount"),
        ({"rules": [rule(amount="1.001")]}, ("rules", "0", "amount"), "too_many_decimals"),
        ({"rules": [rule(method="gone")]}, ("rules", "0", "method"), "unknown_method"),
        ({"rules": [rule(trigger="points")]}, ("rules", "0", "side"), "no_friend"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(more, path, code):
    with pytest.raises(InvalidInput) as refused:
        start(**more)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert not Program.objects.exists()


def test_a_failure_in_the_middle_leaves_nothing(monkeypatch):
    monkeypatch.setattr(GroupOffer.objects, "create", lambda **fields: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        start(groups=[GroupInput("Three friends", 3, 72)])
    assert (Program.objects.count(), RewardRule.objects.count()) == (0, 0)
