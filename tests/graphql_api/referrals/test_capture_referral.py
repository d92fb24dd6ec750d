import pytest
from django.test import override_settings

from referral_blocks.flows.record_visit import cookie_name, record_visit
from referral_blocks.people.models import Person
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrals.models import Referral
from tests.graphql_api.ask import data
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db

CAPTURE = """
mutation ($input: CaptureReferralInput!) {
  captureReferral(input: $input) { program { slug } errors { code path message } }
}
"""
KIM = {"program": "neighbours", "email": "kim@example.com", "name": "Kim Example", "acceptTerms": True}
DONE = {"program": {"slug": "neighbours"}, "errors": []}


def capture(client, headers=None, **given):
    return data(client, CAPTURE, {"input": {**KIM, **given}}, **(headers or {}))["captureReferral"]


def visit(link):
    program = link.referrer.program
    return record_visit(code=link.code, site_id=program.site_id, ip_hash="").token


def test_a_typed_code_credits_the_referrer(client):
    link = make_link(make_program())
    assert capture(client, code=link.code.lower(), phone="+44 20 7946 0000") == DONE
    referral = Referral.objects.get()
    assert (referral.referrer, referral.attribution_method) == (link.referrer, "code")
    assert referral.friend.phone == "+44 20 7946 0000"


def test_a_token_credits_the_referrer(client):
    link = make_link(make_program())
    assert capture(client, token=visit(link)) == DONE
    assert Referral.objects.get().attribution_method == "token"


def test_the_sites_own_cookie_credits_the_referrer(client):
    link = make_link(make_program())
    client.cookies[cookie_name(link.referrer.program)] = visit(link)
    assert capture(client, {"Sec_Fetch_Site": "same-origin"}) == DONE
    assert Referral.objects.get().attribution_method == "cookie"


def test_a_cookie_that_another_site_spends_credits_nobody(client):
    link = make_link(make_program())
    client.cookies[cookie_name(link.referrer.program)] = visit(link)
    payload = capture(client, {"Sec_Fetch_Site": "cross-site"})
    assert [error["code"] for error in payload["errors"]] == ["NO_ATTRIBUTION"]
    assert not Referral.objects.exists()


def test_pressing_twice_makes_one_referral_and_one_answer(client):
    code = make_link(make_program()).code
    assert capture(client, code=code) == capture(client, code=code) == DONE
    assert Referral.objects.count() == 1


def test_the_referrers_own_address_gets_the_same_answer(client):
    link = make_link(make_program())
    assert capture(client, code=link.code, email="referrer+me@example.com") == DONE
    assert Referral.objects.get().review == "flagged"


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"email": "kim"}, "INVALID_EMAIL", ["email"]),
        ({"email": "kim\x00@example.com"}, "INVALID_TEXT", ["email"]),
        ({"name": "x" * 10_000}, "TOO_LONG", ["name"]),
        ({"phone": "1\x002"}, "INVALID_TEXT", ["phone"]),
        ({"code": "X" * 10_000}, "UNKNOWN_CODE", ["code"]),
        ({"code": "\x00"}, "UNKNOWN_CODE", ["code"]),
        ({"code": "NOBODY"}, "UNKNOWN_CODE", ["code"]),
        ({"code": ""}, "NO_ATTRIBUTION", ["code"]),
        ({"code": "", "token": "tampered:x:y"}, "INVALID_TOKEN", ["token"]),
        ({"code": "", "token": "x" * 10_000}, "INVALID_TOKEN", ["token"]),
        ({"acceptTerms": False}, "TERMS_NOT_ACCEPTED", ["acceptTerms"]),
        ({"program": "nothing"}, "NOT_FOUND", ["program"]),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(client, given, code, path):
    link = make_link(make_program())
    payload = capture(client, **{"code": link.code, **given})
    assert payload["program"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, path)]
    assert payload["errors"][0]["message"]
    assert (Referral.objects.count(), Person.objects.count()) == (0, 1)


def test_a_tampered_token_is_refused(client):
    token = visit(make_link(make_program()))
    payload = capture(client, token=token[:-4] + "AAAA")
    assert [error["code"] for error in payload["errors"]] == ["INVALID_TOKEN"]
    assert not Referral.objects.exists()


def test_a_paused_programme_takes_nobody(client):
    program = make_program()
    code = make_link(program).code
    program.status = ProgramStatus.PAUSED
    program.save()
    assert [error["code"] for error in capture(client, code=code)["errors"]] == ["PROGRAM_CLOSED"]
    assert not Referral.objects.exists()


def test_too_many_tries_are_refused(client, settings):
    make_program()
    with override_settings(REFERRAL_BLOCKS={**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}):
        found = [capture(client, code="NOBODY")["errors"][0]["code"] for _try in range(21)]
    assert found == ["UNKNOWN_CODE"] * 20 + ["RATE_LIMITED"]
