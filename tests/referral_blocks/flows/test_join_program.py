import pytest

from referral_blocks.core.errors import DomainError
from referral_blocks.emails.models import Email
from referral_blocks.flows.join_program import join_program
from referral_blocks.people.models import Person
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrers.models import Referrer
from tests.make import make_program

pytestmark = pytest.mark.django_db


def join(program, **given):
    return join_program(
        program=program, **{"email": "ana@example.com", "name": "Ana Example", "accept_terms": True, **given}
    )


def test_joining_gives_a_random_link_and_one_welcome_mail():
    program = make_program()
    joined = join(program)
    assert joined.created
    assert len(joined.link.code) == 9
    assert list(Email.objects.values_list("kind", "person__email")) == [("welcome", "ana@example.com")]


def test_joining_twice_gives_the_same_link_whatever_the_case_of_the_address():
    program = make_program()
    first, second = join(program), join(program, email="ANA@Example.com", name="Somebody else")
    assert (second.link, second.created) == (first.link, False)
    assert Person.objects.get().name == "Ana Example"


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"email": "ana@"}, "invalid_email", ("email",)),
        ({"email": ""}, "required", ("email",)),
        ({"email": "a\x00na@example.com"}, "invalid_text", ("email",)),
        ({"email": "a" * 300 + "@example.com"}, "too_long", ("email",)),
        ({"name": "Ana\nBcc: all@example.com"}, "invalid_text", ("name",)),
        ({"name": "x" * 121}, "too_long", ("name",)),
        ({"accept_terms": False}, "terms_not_accepted", ("acceptTerms",)),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(given, code, path):
    program = make_program()
    with pytest.raises(DomainError) as refused:
        join(program, **given)
    assert (refused.value.code, refused.value.path) == (code, path)
    assert (Person.objects.count(), Referrer.objects.count(), Email.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("status", [ProgramStatus.DRAFT, ProgramStatus.PAUSED, ProgramStatus.ENDED])
def test_a_programme_that_is_not_live_takes_nobody(status):
    program = make_program(status=status)
    with pytest.raises(DomainError) as refused:
        join(program)
    assert refused.value.code == "program_closed"
    assert not Referrer.objects.exists()
