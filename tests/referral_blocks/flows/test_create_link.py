from datetime import datetime, timedelta

import pytest
from django.test import override_settings
from django.utils import timezone
from wagtail.models import Site

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.create_link import create_link, expire_link
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.record_visit import record_visit
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.selectors import validate_code
from referral_blocks.links.services import primary_link
from tests.make import make_link, make_program
from tests.referral_blocks.flows.test_concurrency import THREADS, at_once


@pytest.mark.django_db
def test_a_chosen_code_becomes_the_primary_one_and_the_old_one_goes_on_working():
    program = make_program()
    old = make_link(program)
    new = create_link(referrer=old.referrer, code=" robin-2 ")
    assert (new.code, new.is_primary, primary_link(referrer=old.referrer)) == ("ROBIN-2", True, new)
    for code in (old.code, "Robin-2"):
        assert record_visit(code=code, site_id=program.site_id, ip_hash="").token
    assert create_link(referrer=old.referrer, code="ROBIN-2") == new
    assert create_link(referrer=old.referrer, code=old.code) == old
    assert list(ReferralLink.objects.filter(is_primary=True)) == [old]
    assert ReferralLink.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("", "blank"),
        ("   ", "blank"),
        ("x" * 31, "too_long"),
        ("x" * 100_000, "too_long"),
        ("ab", "too_short"),
        ("rob in", "invalid_character"),
        ("rob/in", "invalid_character"),
        ("röbin", "invalid_character"),
        ("rob\x00in", "invalid_character"),
        ("ﬀf", "invalid_character"),  # a ligature that becomes two letters in upper case, and a letter
        ("admin", "blocked_word"),
        ("ADM1N", "blocked_word"),
        ("a-d-m-i-n", "blocked_word"),
        ("5upp0rt", "blocked_word"),
        ("what-the-fuck", "blocked_word"),
        ("F-V_C-K", "blocked_word"),
        ("my-b1tch3s", "blocked_word"),
        ("Taken-1", "taken"),
    ],
)
def test_a_code_that_cannot_be_had_is_refused_with_a_reason(code, refusal):
    program = make_program()
    create_link(referrer=make_link(program, email="first@example.com").referrer, code="TAKEN-1")
    link = make_link(program)
    with pytest.raises(DomainError) as refused:
        create_link(referrer=link.referrer, code=code)
    assert (refused.value.code, refused.value.path) == (refusal, ("code",))
    assert list(ReferralLink.objects.filter(referrer=link.referrer)) == [link]


@pytest.mark.django_db
def test_ordinary_names_are_not_mistaken_for_blocked_words():
    referrer = make_link(make_program()).referrer
    for code in ("SCUNTHORPE", "COCKBURN", "ADMINA", "TESTA-ROSSA", "HELPFUL", "123"):
        assert create_link(referrer=referrer, code=code).code == code


@pytest.mark.django_db
@override_settings(REFERRAL_BLOCKS={"VANITY_BLOCKED_WORDS": ("rival",)})
def test_a_site_blocks_words_of_its_own():
    referrer = make_link(make_program()).referrer
    with pytest.raises(DomainError) as refused:
        create_link(referrer=referrer, code="my-r1va1")
    assert refused.value.code == "blocked_word"


@pytest.mark.django_db
def test_a_code_expires_and_a_referrer_whose_primary_code_expired_gets_a_new_one():
    program = make_program(time_zone="America/New_York")
    link = make_link(program)
    expire_link(link=link, at=datetime(2020, 1, 1))
    assert link.expires_at.isoformat() == "2020-01-01T00:00:00-05:00"
    again = {"email": "referrer@example.com", "name": "Robin Example", "greeting_consent": True}
    fresh = join_program(program=program, accept_terms=True, **again).link
    assert fresh != link
    assert list(ReferralLink.objects.filter(is_primary=True)) == [fresh]
    expire_link(link=link, at=None)
    assert record_visit(code=link.code, site_id=program.site_id, ip_hash="").token


@pytest.mark.django_db
def test_an_ended_programme_gives_no_codes():
    program = make_program()
    link = make_link(program)
    link.referrer.program.status = "ended"
    with pytest.raises(DomainError) as refused:
        create_link(referrer=link.referrer, code="ROBIN")
    assert (refused.value.code, ReferralLink.objects.count()) == ("program_closed", 1)


@pytest.mark.django_db
def test_the_queries_of_choosing_a_code_do_not_grow_with_the_codes_had(django_assert_num_queries):
    referrer = make_link(make_program()).referrer
    create_link(referrer=referrer, code="FIRST")  # makes the referrer's standing
    for count in range(4):
        with django_assert_num_queries(12):
            create_link(referrer=referrer, code=f"ROBIN-{count}")


@pytest.mark.django_db
def test_a_typed_code_is_answered_without_personal_data():
    program, other = make_program(), make_program(slug="other")
    link = make_link(program)
    quiet = join_program(program=program, email="quiet@example.com", name="Quiet One", accept_terms=True).link
    late = make_link(program, email="late@example.com")
    expire_link(link=late, at=timezone.now() - timedelta(seconds=1))

    def answer(code, of=program):
        found = validate_code(program=of, code=code)
        return (found.status, found.greeting_name)

    assert answer(f" {link.code.lower()} ") == ("ok", "Robin")
    assert answer(quiet.code) == ("ok", "")
    assert answer(late.code) == ("expired", "")
    assert answer("WRONG2345") == answer("A" * 10_000) == answer("") == ("unknown", "")
    assert answer(link.code, of=other) == ("unknown", "")
    program.status = "paused"
    assert answer(link.code) == ("program_closed", "")
    elsewhere = Site.objects.create(hostname="other.example", root_page=Site.objects.get().root_page)
    assert answer(link.code, of=make_program(site=elsewhere)) == ("unknown", "")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_one_code_at_once_one_gets_it():
    program = make_program()
    referrers = [make_link(program, email=f"r{n}@example.com").referrer for n in range(THREADS)]

    def claim(number):
        try:
            return create_link(referrer=referrers[number], code="BEST").referrer_id
        except DomainError as error:
            return error.code

    results = at_once(claim)
    assert results.count("taken") == THREADS - 1
    assert ReferralLink.objects.get(code="BEST").referrer_id in results
    assert ReferralLink.objects.filter(is_primary=True).count() == THREADS


@pytest.mark.django_db(transaction=True)
def test_one_referrer_who_chooses_many_codes_at_once_has_them_all_and_one_primary():
    referrer = make_link(make_program()).referrer
    at_once(lambda n: create_link(referrer=referrer, code=f"MINE-{n}"))
    assert ReferralLink.objects.filter(referrer=referrer).count() == THREADS + 1
    assert ReferralLink.objects.filter(referrer=referrer, is_primary=True).count() == 1
