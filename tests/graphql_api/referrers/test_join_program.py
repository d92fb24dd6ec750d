import pytest
from django.test import override_settings

from referral_blocks.links.models import ReferralLink
from referral_blocks.people.models import Person
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrers.models import Referrer
from tests.graphql_api.ask import ask, data
from tests.make import make_program

pytestmark = pytest.mark.django_db

JOIN = """
mutation ($input: JoinProgramInput!) {
  joinProgram(input: $input) {
    program { slug } link { code url qrSvgUrl qrPngUrl } errors { code path message }
  }
}
"""
ANA = {"program": "neighbours", "email": "ana@example.com", "name": "Ana Example", "acceptTerms": True}


def join(client, **given):
    return data(client, JOIN, {"input": {**ANA, **given}})["joinProgram"]


def test_joining_returns_the_link_and_nothing_of_the_person(client):
    program = make_program()
    payload = join(client, greetingConsent=True)
    link = ReferralLink.objects.get()
    root = program.site.root_url
    assert payload == {
        "program": {"slug": "neighbours"},
        "link": {
            "code": link.code,
            "url": f"{root}/r/{link.code}/",
            "qrSvgUrl": f"{root}/r/{link.code}/qr.svg",
            "qrPngUrl": f"{root}/r/{link.code}/qr.png",
        },
        "errors": [],
    }
    assert Referrer.objects.get().greeting_consent


def test_a_known_address_gets_the_very_same_answer(client):
    make_program()
    assert join(client) == join(client, email="ANA@example.com", name="Somebody else")
    assert Person.objects.get().name == "Ana Example"


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"email": "ana@"}, "INVALID_EMAIL", ["email"]),
        ({"email": ""}, "REQUIRED", ["email"]),
        ({"email": "a\x00na@example.com"}, "INVALID_TEXT", ["email"]),
        ({"email": "\ud800@example.com"}, "INVALID_TEXT", ["email"]),
        ({"email": "a" * 10_000 + "@example.com"}, "TOO_LONG", ["email"]),
        ({"name": "A\x00na"}, "INVALID_TEXT", ["name"]),
        ({"acceptTerms": False}, "TERMS_NOT_ACCEPTED", ["acceptTerms"]),
        ({"program": "nothing"}, "NOT_FOUND", ["program"]),
        ({"program": "neigh\x00bours"}, "INVALID_TEXT", ["program"]),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(client, given, code, path):
    make_program()
    payload = join(client, **given)
    assert (payload["program"], payload["link"]) == (None, None)
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, path)]
    assert payload["errors"][0]["message"]
    assert (Person.objects.count(), Referrer.objects.count(), ReferralLink.objects.count()) == (0, 0, 0)


def test_a_draft_is_as_unknown_as_nothing_at_all(client):
    make_program(status=ProgramStatus.DRAFT)
    assert join(client)["errors"] == join(client, program="nothing")["errors"]


def test_a_message_comes_in_the_language_of_the_request(client):
    make_program()
    answer = ask(client, JOIN, {"input": {**ANA, "email": ""}}, Accept_Language="en")
    assert answer["data"]["joinProgram"]["errors"][0]["message"] == "This cannot be empty."


def test_too_many_tries_are_refused_and_nothing_more_is_written(client, settings):
    make_program()
    with override_settings(REFERRAL_BLOCKS={**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}):
        found = [join(client, email=f"a{n}@example.com")["errors"] for n in range(21)]
    assert found[:20] == [[]] * 20
    assert [error["code"] for error in found[20]] == ["RATE_LIMITED"]
    assert Person.objects.count() == 20
