import pytest
from django.db import IntegrityError

from referral_blocks.core.codes import ALPHABET, LENGTH, new_code, normalise_code
from referral_blocks.links import services
from referral_blocks.links.models import ReferralLink
from referral_blocks.referrers.models import Referrer
from tests.make import make_link, make_program


def test_a_code_holds_more_than_forty_bits_and_no_look_alikes():
    assert len(ALPHABET) ** LENGTH > 2**40
    assert not set("01OILUV") & set(ALPHABET)
    assert set(new_code()) <= set(ALPHABET)


def test_with_ten_million_codes_a_new_one_is_taken_less_than_once_in_a_million_draws():
    taken = 10_000_000 / len(ALPHABET) ** LENGTH
    assert 6e-7 < taken < 1e-6
    # The n-th code meets n - 1 others: while all are made, three or four are drawn twice.
    assert round(10_000_000 * taken / 2, 1) == 3.4
    assert taken**services.TRIES < 1e-30


@pytest.mark.parametrize(
    ("text", "code"),
    [(" abc ", "ABC"), ("Ana_1-2", "ANA_1-2"), ("a" * 40, "A" * 40), ("a" * 41, None), ("", None), ("a\x00", None)],
)
def test_codes_are_read_whatever_their_case(text, code):
    assert normalise_code(text) == code


@pytest.mark.django_db
def test_a_taken_code_is_drawn_again(monkeypatch):
    program = make_program()
    taken = make_link(program, email="one@example.com").code
    draws = iter([taken, taken, "FRESH2345"])
    monkeypatch.setattr(services, "new_code", lambda: next(draws))
    assert make_link(program, email="two@example.com").code == "FRESH2345"


@pytest.mark.django_db
def test_a_broken_random_source_is_an_error_and_not_an_endless_loop(monkeypatch):
    program = make_program()
    taken = make_link(program, email="one@example.com").code
    monkeypatch.setattr(services, "new_code", lambda: taken)
    with pytest.raises(IntegrityError):
        make_link(program, email="two@example.com")
    assert (Referrer.objects.count(), ReferralLink.objects.count()) == (1, 1)
