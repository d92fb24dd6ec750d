import pytest

from referral_blocks.people.models import Person
from referral_blocks.people.services import get_or_create_person, mailbox_key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Robin@Example.com", "robin@example.com", True),
        ("robin+shop@example.com", "robin@example.com", True),
        ("ro.bin@gmail.com", "robin@googlemail.com", True),
        ("ro.bin@example.com", "robin@example.com", False),
    ],
)
def test_two_addresses_of_one_mailbox_are_seen(one, other, same):
    assert (mailbox_key(one) == mailbox_key(other)) is same


@pytest.mark.django_db
def test_a_known_person_keeps_what_they_said_and_gaps_are_filled():
    get_or_create_person(email="ana@example.com", name="Ana")
    person = get_or_create_person(email="ANA@example.com", name="Mallory", phone="+44 1")
    assert (Person.objects.count(), person.email, person.name, person.phone) == (1, "ana@example.com", "Ana", "+44 1")
