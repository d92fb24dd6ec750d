from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from wagtail.models import Site

from referral_blocks.core.errors import DomainError
from referral_blocks.emails.models import Email
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.record_visit import record_visit
from referral_blocks.links.models import ReferralLink
from referral_blocks.people.models import Person
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrals.models import Referral
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db


def capture(program, **given):
    return capture_referral(
        program=program, **{"email": "kim@example.com", "name": "Kim Example", "accept_terms": True, **given}
    )


def token_of(link):
    site = Site.objects.get(is_default_site=True)
    return record_visit(code=link.code, site_id=site.pk, ip_hash="").token


def test_a_typed_code_is_trusted_before_the_token_and_the_token_before_the_cookie():
    program = make_program()
    by_code, by_token, by_cookie = (make_link(program, email=f"{n}@example.com") for n in ("code", "token", "cookie"))
    ways = {"code": by_code.code, "token": token_of(by_token), "cookie": token_of(by_cookie)}
    for method, link in (("code", by_code), ("token", by_token), ("cookie", by_cookie)):
        referral = capture(program, email=f"friend-{method}@example.com", **ways).referral
        assert (referral.attribution_method, referral.referrer) == (method, link.referrer)
        ways.pop(method)


def test_the_credit_window_and_the_accepted_terms_are_kept():
    program = make_program(credit_window_days=10)
    link = make_link(program)
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        referral = capture(program, code=link.code).referral
        assert referral.credit_expires_at == timezone.now() + timedelta(days=10)
    assert referral.terms_version.text == "Be kind."


def test_the_first_referral_stays_and_the_referrer_hears_of_it_once():
    program = make_program()
    first, second = make_link(program, email="one@example.com"), make_link(program, email="two@example.com")
    capture(program, code=first.code)
    again = capture(program, code=second.code, email="KIM@example.com")
    assert not again.created
    assert Referral.objects.get().referrer == first.referrer
    assert Email.objects.filter(kind="friend_arrived").count() == 1


def test_a_friend_with_the_referrers_own_mailbox_is_flagged_and_nobody_is_told():
    program = make_program()
    link = make_link(program, email="robin@gmail.com")
    captured = capture(program, code=link.code, email="r.o.bin+friend@googlemail.com")
    assert captured.referral.review == "flagged"
    assert list(captured.referral.changes.values_list("field", "to_state", "reason")) == [
        ("review", "flagged", "self_referral")
    ]
    assert not Email.objects.filter(kind="friend_arrived").exists()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"code": "WRONG2345"}, "unknown_code"),
        ({"code": "A" * 10_000}, "unknown_code"),
        ({"code": "A\x00B"}, "unknown_code"),
        ({"token": "tampered"}, "invalid_token"),
        ({"token": "x" * 100_000}, "invalid_token"),
        ({"cookie": "tampered"}, "invalid_token"),
        ({}, "no_attribution"),
        ({"use_token": True, "email": "not an address"}, "invalid_email"),
        ({"use_token": True, "name": "A\x00"}, "invalid_text"),
        ({"use_token": True, "phone": "1" * 33}, "too_long"),
        ({"use_token": True, "accept_terms": False}, "terms_not_accepted"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(given, code):
    program = make_program()
    link = make_link(program)
    if given.pop("use_token", False):
        given = {**given, "token": token_of(link)}
    people = Person.objects.count()
    with pytest.raises(DomainError) as refused:
        capture(program, **given)
    assert refused.value.code == code
    assert (Referral.objects.count(), Person.objects.count()) == (0, people)


def test_a_token_is_worth_nothing_when_altered_too_old_or_of_another_programme():
    program, other = make_program(visit_window_days=30), make_program(slug="other")
    token = token_of(make_link(program))
    altered = ("A" if token[0] != "A" else "B") + token[1:]
    with pytest.raises(DomainError, match="damaged or too old"):
        capture(program, token=altered)
    with pytest.raises(DomainError, match="damaged or too old"):
        capture(other, token=token)
    with time_machine.travel(timezone.now() + timedelta(days=31)), pytest.raises(DomainError, match="too old"):
        capture(program, token=token)
    assert not Referral.objects.exists()


def test_a_token_of_a_link_that_has_expired_since_credits_nobody():
    program = make_program()
    link = make_link(program)
    token = token_of(link)
    ReferralLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(DomainError, match="too old"):
        capture(program, token=token)
    assert not Referral.objects.exists()


def test_a_code_of_another_programme_credits_nobody():
    program, other = make_program(), make_program(slug="other")
    with pytest.raises(DomainError) as refused:
        capture(other, code=make_link(program).code)
    assert refused.value.code == "unknown_code"
    assert not Referral.objects.exists()


def test_a_paused_programme_takes_nobody():
    program = make_program()
    link = make_link(program)
    program.status = ProgramStatus.PAUSED
    with pytest.raises(DomainError) as refused:
        capture(program, code=link.code)
    assert refused.value.code == "program_closed"
    assert not Referral.objects.exists()
