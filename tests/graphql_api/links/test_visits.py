from datetime import timedelta

import pytest
from django.utils import timezone
from wagtail.models import Page, Site

from referral_blocks.flows.record_visit import cookie_name
from referral_blocks.links.models import IgnoredVisit, Visit
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrals.attribution import link_from_token
from referral_blocks.referrals.models import Referral
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
VISIT = """
mutation ($input: RecordVisitInput!) {
  recordVisit(input: $input) { token greetingName program { slug } errors { code path } }
}
"""
CAPTURE = "mutation ($input: CaptureReferralInput!) { captureReferral(input: $input) { errors { code } } }"
CODE = (
    "query ($code: String!, $program: String) { validateCode(code: $code, program: $program) { isValid greetingName } }"
)


def visit(client, code, **headers):
    return data(client, VISIT, {"input": {"code": code}}, **{"User_Agent": BROWSER, **headers})["recordVisit"]


def check(client, code, program=None, **headers):
    return data(client, CODE, {"code": code, "program": program}, **headers)["validateCode"]


def test_a_visit_counts_and_its_token_credits_the_referrer(client):
    program = make_program()
    link = make_link(program)
    answer = visit(client, link.code.lower())
    token = answer.pop("token")
    assert answer == {"greetingName": "Robin", "program": {"slug": "neighbours"}, "errors": []}
    assert link_from_token(token=token, program=program) == link
    assert Visit.objects.get().link == link
    friend = {"program": "neighbours", "email": "kim@example.com", "acceptTerms": True, "token": token}
    assert data(client, CAPTURE, {"input": friend})["captureReferral"]["errors"] == []
    assert Referral.objects.get().referrer == link.referrer


def test_without_consent_nobody_is_named(client):
    link = make_link(make_program(), consent=False)
    assert visit(client, link.code)["greetingName"] == ""
    assert check(client, link.code) == {"isValid": True, "greetingName": ""}


def test_under_first_touch_the_first_link_keeps_the_credit_and_greets(client):
    program = make_program(attribution="first")
    first = make_link(program)
    second = make_link(program, email="second@example.com", name="Sasha Example")
    client.cookies[cookie_name(program)] = visit(client, first.code)["token"]
    own = {"Sec_Fetch_Site": "same-origin"}
    answer = visit(client, second.code, **own)
    assert (answer["greetingName"], link_from_token(token=answer["token"], program=program)) == ("Robin", first)
    assert Visit.objects.filter(link=second).count() == 1


@pytest.mark.parametrize("agent", ["", "Googlebot/2.1 (+http://www.google.com/bot.html)", "WhatsApp/2.23"])
def test_a_bot_gets_no_token_and_is_not_counted(client, agent):
    link = make_link(make_program())
    answer = visit(client, link.code, User_Agent=agent)
    assert answer == {"token": None, "greetingName": "", "program": {"slug": "neighbours"}, "errors": []}
    assert (Visit.objects.count(), IgnoredVisit.objects.get().reason) == (0, "bot")


@pytest.mark.parametrize("code", ["", "NOBODY", "x" * 9_000, "\x00", "' OR 1=1"])
def test_an_unknown_code_is_refused_and_nothing_is_written(client, code):
    make_link(make_program())
    refused = [{"code": "UNKNOWN_CODE", "path": ["code"]}]
    assert visit(client, code) == {"token": None, "greetingName": "", "program": None, "errors": refused}
    assert check(client, code) == {"isValid": False, "greetingName": ""}
    assert not Visit.objects.exists()


def test_an_expired_code_is_as_unknown(client):
    link = make_link(make_program())
    link.expires_at = timezone.now() - timedelta(seconds=1)
    link.save()
    assert visit(client, link.code)["errors"] == [{"code": "UNKNOWN_CODE", "path": ["code"]}]
    assert check(client, link.code) == {"isValid": False, "greetingName": ""}
    assert not Visit.objects.exists()


def test_a_closed_programme_counts_nothing(client):
    program = make_program()
    link = make_link(program)
    program.status = ProgramStatus.PAUSED
    program.save()
    assert visit(client, link.code)["errors"] == [{"code": "PROGRAM_CLOSED", "path": []}]
    assert check(client, link.code, "neighbours") == {"isValid": False, "greetingName": ""}
    assert not Visit.objects.exists()


def test_a_code_is_of_its_programme_and_site(client):
    link = make_link(make_program())
    make_program(slug="other")
    Site.objects.create(hostname="other.example", root_page=Page.objects.get(depth=2))
    assert check(client, link.code, "neighbours") == {"isValid": True, "greetingName": "Robin"}
    invalid = {"isValid": False, "greetingName": ""}
    assert check(client, link.code, "other") == check(client, link.code) == check(client, link.code, "no") == invalid
    assert check(client, link.code, "neighbours", Host="other.example") == invalid
    assert visit(client, link.code, Host="other.example")["errors"][0]["code"] == "UNKNOWN_CODE"


def test_guessing_is_slow_and_aliases_do_not_help(client, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    make_link(make_program())
    aliases = " ".join(f'a{n}: validateCode(code: "GUESS{n}") {{ isValid }}' for n in range(15))
    data(client, f"{{ {aliases} }}")
    answer = ask(client, f"{{ {aliases} }}")
    assert codes(answer)[0] == "RATE_LIMITED"
    assert codes(ask(client, CODE, {"code": "GUESS"})) == ["RATE_LIMITED"]


def test_too_many_visits_are_refused(client, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    link = make_link(make_program())
    told = [visit(client, link.code)["errors"] for _ in range(21)]
    assert told[:20] == [[]] * 20 and told[20] == [{"code": "RATE_LIMITED", "path": []}]
    assert Visit.objects.count() == 20
