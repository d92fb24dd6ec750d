"""Limits for payouts: set in major units, kept in minor ones, each change written down."""

import pytest

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.queue import waiting_count
from referral_blocks.flows.set_payout_policy import set_payout_policy
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.programs.models import ProgramChange
from tests.make import make_program
from tests.runs import staff

pytestmark = pytest.mark.django_db
LIMITS = ("minimum_minor", "second_person_minor", "daily_cap_minor", "person_cap_minor")


def stored():
    return list(PayoutPolicy.objects.values_list("currency", *LIMITS))


def test_limits_are_written_with_who_changed_them():
    program = make_program()
    given = {"minimum": "5", "second_person": "250.00", "daily_cap": "1000", "person_cap": "100.50"}
    assert set_payout_policy(program=program, currency="gbp", actor=staff(), **given)
    assert stored() == [("GBP", 500, 25_000, 100_000, 10_050)]
    rows = ProgramChange.objects.values_list("field", "from_state", "to_state", "actor")
    assert sorted(rows) == [
        ("daily_cap_minor:GBP", "", "100000", staff().pk),
        ("minimum_minor:GBP", "", "500", staff().pk),
        ("person_cap_minor:GBP", "", "10050", staff().pk),
        ("second_person_minor:GBP", "", "25000", staff().pk),
    ]
    assert waiting_count() == 1  # what waits for a cap is tried again
    assert not set_payout_policy(program=program, currency="GBP", actor=staff(), **given)
    assert set_payout_policy(program=program, currency="GBP", actor=staff(), minimum="5")
    assert stored() == [("GBP", 500, None, None, None)]


@pytest.mark.parametrize("zero", ["0", "0.00", " 0 "])
def test_always_two_people(zero):
    set_payout_policy(program=make_program(), currency="GBP", second_person=zero, actor=staff())
    assert stored() == [("GBP", None, 0, None, None)]


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"minimum": "0"}, "minimum", "invalid_amount"),
        ({"daily_cap": "-1"}, "dailyCap", "invalid_amount"),
        ({"person_cap": "1.005"}, "personCap", "too_many_decimals"),
        ({"second_person": "lots"}, "secondPerson", "invalid_amount"),
        ({"minimum": "10", "daily_cap": "9.99"}, "dailyCap", "out_of_range"),
        ({"minimum": "10", "person_cap": "9.99"}, "personCap", "out_of_range"),
        ({"currency": "PTS"}, "currency", "invalid_currency"),
    ],
)
def test_bad_limits_are_refused_and_nothing_is_written(given, path, code):
    with pytest.raises(InvalidInput) as refusal:
        set_payout_policy(program=make_program(), actor=staff(), **{"currency": "GBP", **given})
    assert (refusal.value.path, refusal.value.code) == ((path,), code)
    assert (stored(), ProgramChange.objects.count()) == ([], 0)
