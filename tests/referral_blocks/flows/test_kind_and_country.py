"""Whoever joins or is referred says what they are and where, through every way in."""

import pytest

from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.refer_by_name import refer_by_name
from referral_blocks.people.models import Person
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
WHO = {"email": "ana@example.com", "name": "Ana", "accept_terms": True}
WHAT = {"kind": "business", "country": "at"}


def join(program, **given):
    join_program(program=program, **WHO, **given)


def capture(program, **given):
    capture_referral(program=program, code=make_link(program).code, **WHO, **given)


def name_somebody(program, **given):
    refer_by_name(program=program, referrer_name="Robin", **WHO, **given)


def buy(program, *, kind="", country=""):
    record_sale(
        program=program, source="api", external_id="1", friend_email="ana@example.com", amount="10", currency="GBP",
        code=make_link(program).code, accept_terms=True, friend_kind=kind, friend_country=country,
    )  # fmt: skip


WAYS = [join, capture, name_somebody, buy]


@pytest.mark.parametrize("way", WAYS)
def test_kind_and_country_are_kept(way):
    way(make_program(), **WHAT)
    ana = Person.objects.get(email_key="ana@example.com")
    assert (ana.kind, ana.country) == ("business", "AT")


@pytest.mark.parametrize("way", WAYS)
def test_without_them_it_is_a_person_from_somewhere(way):
    way(make_program())
    ana = Person.objects.get(email_key="ana@example.com")
    assert (ana.kind, ana.country) == ("person", "")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("given", "path"), [({"kind": "robot"}, ("kind",)), ({"country": "Austria"}, ("country",))])
def test_what_does_not_exist_is_refused_and_nothing_is_written(way, given, path):
    with pytest.raises(InvalidInput) as refused:
        way(make_program(), **given)
    assert refused.value.path == path
    assert not Person.objects.filter(email_key="ana@example.com").exists()
