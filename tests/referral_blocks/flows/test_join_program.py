import pytest

from referral_blocks.core.errors import DomainError
from referral_blocks.emails.models import Email
from referral_blocks.flows.join_program import join_program
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.services import claim_code
from referral_blocks.people.models import Person
from referral_blocks.people.services import mark_email_verified
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


def test_whoever_types_a_known_address_reads_their_own_words_and_not_the_owners():
    program = make_program()
    own = join(program, name="Margarethe Example", greeting_consent=True)
    stranger = join(program, name="Qqq", greeting_consent=True)
    again = join(program, name="Qqq", greeting_consent=True)
    assert (own.link.greeting_name, stranger.link.greeting_name) == ("Margarethe", "Qqq")
    assert (stranger.referrer, again.link) == (own.referrer, stranger.link)
    assert own.link.is_primary
    assert not stranger.link.is_primary


def test_the_link_of_a_verified_referrer_is_not_shown_to_whoever_types_the_address():
    program = make_program()
    own = join(program)
    mark_email_verified(person=own.referrer.person)
    stranger = join(program)
    assert stranger.link != own.link
    assert stranger.referrer == own.referrer


def test_codes_that_the_referrer_has_chosen_are_not_shown_to_whoever_types_the_address():
    program = make_program()
    own = join(program)
    mark_email_verified(person=own.referrer.person)
    claim_code(referrer=own.referrer, code="ROBIN")
    claim_code(referrer=own.referrer, code="ROBIN-2")
    stranger, again = join(program), join(program)
    assert (len(stranger.link.code), stranger.link.is_primary, again.link) == (9, False, stranger.link)
    assert stranger.link.code not in {own.link.code, "ROBIN", "ROBIN-2"}
    assert ReferralLink.objects.get(code="ROBIN-2").is_primary


def test_nor_are_codes_that_came_from_another_system_before_the_mailbox_was_verified():
    program = make_program()
    own = join(program)
    claim_code(referrer=own.referrer, code="ROBIN")
    assert ReferralLink.objects.get(code="ROBIN").is_primary
    assert join(program).link.code not in {own.link.code, "ROBIN"}


@pytest.mark.parametrize("is_known", [False, True])
def test_the_links_of_one_referrer_have_an_end_that_is_the_same_for_unknown_addresses(settings, is_known):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    program = make_program()
    email = f"{is_known}@example.com"
    if is_known:
        own = join(program, email=email)
        mark_email_verified(person=own.referrer.person)
        for number in range(25):
            claim_code(referrer=own.referrer, code=f"CODE-{number}")
    found = [join(program, email=email, name=f"Name{n}", greeting_consent=True).link.code for n in range(30)]
    assert len(set(found)) == 21
    assert len(set(found[20:])) == 1


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
