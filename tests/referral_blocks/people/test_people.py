import pytest

from referral_blocks.core.errors import InvalidInput
from referral_blocks.people.models import Person, first_name
from referral_blocks.people.services import clean_particulars, get_or_create_person, mailbox_key


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
def test_strangers_write_nothing_on_a_known_person():
    get_or_create_person(given=clean_particulars(email="ana@example.com"))
    person = get_or_create_person(given=clean_particulars(email="ANA@example.com", name="Mallory", phone="+44 1"))
    assert (Person.objects.count(), person.email, person.name, person.phone) == (1, "ana@example.com", "", "")


@pytest.mark.parametrize(
    "name", ["https://evil.example/prize", "evil.example", "www.evil.example", "me@evil.example", "a/b", "You\u202eWon"]
)
def test_a_name_that_is_a_link_or_hides_something_is_refused(name):
    with pytest.raises(InvalidInput) as refused:
        clean_particulars(email="ana@example.com", name=name)
    assert [one.path for one in refused.value.all] == [("name",)]


def test_all_that_is_wrong_with_somebodys_particulars_is_told_at_once():
    with pytest.raises(InvalidInput) as refused:
        clean_particulars(email="ana@", name="evil.example", phone="1" * 33, kind="robot", country="UK1")
    assert [(one.code, one.path) for one in refused.value.all] == [
        ("invalid_email", ("email",)),
        ("invalid_name", ("name",)),
        ("too_long", ("phone",)),
        ("invalid_kind", ("kind",)),
        ("invalid_country", ("country",)),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["J.R. Example", "Zoë O’Neil-Smith", "Müller & Söhne GmbH", "نور", "क्\u200dष", "李小龍"]
)
def test_names_of_all_kinds_are_kept_as_written(name):
    assert get_or_create_person(given=clean_particulars(email="ana@example.com", name=name)).name == name


def test_somebody_is_called_by_the_first_word_of_any_kind_of_space():
    assert first_name("You\u00a0won £500, call") == "You"
    assert first_name("x" * 100) == "x" * 40
