import pytest

from referral_blocks.analytics.leaderboard import public_name
from referral_blocks.flows.change_consents import change_consents
from referral_blocks.links.services import link_for_join
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db


def test_without_consent_no_link_of_the_referrer_greets_with_a_name_and_with_it_the_primary_one_does():
    program = make_program()
    link, stranger = make_link(program), make_link(program, email="other@example.com", name="Other Example")
    second = link_for_join(referrer=link.referrer, greeting_name="Bobby")
    change_consents(referrer=link.referrer, greeting=False, leaderboard=False)
    for one in (link, second, stranger):
        one.refresh_from_db()
    assert (link.greeting_name, second.greeting_name, stranger.greeting_name) == ("", "", "Other")
    change_consents(referrer=link.referrer, greeting=True, leaderboard=False)
    for one in (link, second):
        one.refresh_from_db()
    # Whoever typed the address to get the second one must not read from it whose address it is.
    assert (link.greeting_name, second.greeting_name) == ("Robin", "")
    link.referrer.refresh_from_db()
    assert link.referrer.greeting_consent


def test_the_leaderboard_names_who_agreed():
    referrer = make_link(make_program()).referrer
    assert public_name(referrer) == "Anonymous"
    change_consents(referrer=referrer, greeting=False, leaderboard=True)
    referrer.refresh_from_db()
    assert public_name(referrer) == "Robin E."
