"""Two who ask, and two workers who carry it out, at the same moment: one erasure."""

import pytest

from referral_blocks.flows.carry_out_erasure import carry_out_erasure
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.erase_person import erase_person
from referral_blocks.ledger.models import LedgerEntry
from referral_blocks.people.models import Person, PersonErasure
from referral_blocks.rewards.models import RewardChange
from tests.at_once import at_once
from tests.erasing import MARK, busy_person, everywhere

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_asked_and_carried_out_once():
    person = busy_person()
    asked = at_once(lambda _n: erase_person(person=Person.objects.get(pk=person.pk), gives_up=True).pk, threads=4)
    assert len(set(asked)) == PersonErasure.objects.count() == 1
    done = at_once(lambda _n: carry_out_erasure(erasure_id=asked[0]), threads=4)
    assert True in done
    assert carry_out_erasure(erasure_id=asked[0])
    assert everywhere(MARK) == {}
    assert RewardChange.objects.filter(reason="erased").count() == 1
    assert LedgerEntry.objects.filter(kind="reward_void").count() == 1
    assert check_ledger() == []
