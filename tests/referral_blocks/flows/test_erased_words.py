"""No word of an erased person is left in any table, and nobody else's goes."""

import pytest
from django_q.models import Failure

from referral_blocks.flows.carry_out_erasure import carry_out_erasure
from referral_blocks.flows.check_ledger import check_ledger
from referral_blocks.flows.erase_person import erase_person
from referral_blocks.fraud.models import BlockedEntry
from referral_blocks.ledger.models import LedgerLine
from referral_blocks.ledger.selectors import trial_balance
from referral_blocks.people.models import Person
from tests.erasing import KEYS, MARK, PHONE, busy_person, everywhere, plant
from tests.security.personal import BY_VALUE, ERASED, WAYS, columns, kept_because

pytestmark = pytest.mark.django_db


def test_every_column_is_erased_or_has_its_reason():
    unknown = [name for name in columns() if name not in ERASED and not kept_because(name)]
    assert unknown == []
    assert sorted(ERASED - set(columns())) == []
    assert {name.split(".")[0] for name in ERASED} == {*WAYS, *BY_VALUE}


def test_no_word_of_an_erased_person_is_left_anywhere_and_nobody_elses_goes():
    person = busy_person()
    other = Person.objects.get(email="other@example.com")
    Person.objects.filter(pk=person.pk).update(phone=PHONE, phone_key="447700900123", country="GB")
    plant(other, "kept")
    planted = plant(person, MARK)
    assert {n for n in ERASED if n.split(".")[0] in WAYS} - planted - KEYS == set()
    Person.objects.filter(pk=other.pk).update(email="kept@example.com")
    before = everywhere("kept")
    seen = set(everywhere(MARK))
    assert {f"referral_blocks_{n.lower()}" for n in planted - {"GiftCard.link"}} <= seen
    totals, lines = trial_balance(), LedgerLine.objects.filter(person=person).count()

    erasure = erase_person(person=Person.objects.get(pk=person.pk), gives_up=True)
    assert carry_out_erasure(erasure_id=erasure.pk)

    assert everywhere(MARK) == {}
    assert everywhere("447700900123") == everywhere("7700 900123") == {}
    assert everywhere("kept") == before
    assert check_ledger() == []
    assert trial_balance().keys() == totals.keys()
    assert LedgerLine.objects.filter(person=person).count() >= lines > 0
    person.refresh_from_db()
    assert (str(person), person.email, person.email_key) == ("Erased person", "", f"erased:{person.pk}")
    assert BlockedEntry.objects.count() == 1
    assert Failure.objects.count() == 0  # its text is pickled: no scan sees into it
