"""A page that asks for a sign-in link through the API says where it leads, within what the settings name."""

import pytest
from django_q.models import OrmQ

from referral_blocks.emails.link_requests import LinkRequest
from referral_blocks.emails.models import Email
from referral_blocks.people.models import Person
from tests.graphql_api.ask import data
from tests.mailbox import look_up
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
PAGE = "https://shop.example.com/friends"
ASK = "mutation ($input: RequestLoginLinkInput!) { requestLoginLink(input: $input) { ok errors { code path } } }"
JOIN = "mutation ($input: JoinProgramInput!) { joinProgram(input: $input) { link { code } errors { code path } } }"
REFUSED = [{"code": "RETURN_NOT_ALLOWED", "path": ["returnTo"]}]


@pytest.fixture(autouse=True)
def allowed(settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "SIGN_IN_RETURN_ADDRESSES": {"*": (PAGE,)}}


def test_a_named_page_is_kept_with_the_mail(client):
    make_link(make_program())
    given = {"program": "neighbours", "email": "referrer@example.com", "returnTo": PAGE}
    assert data(client, ASK, {"input": given})["requestLoginLink"] == {"ok": True, "errors": []}
    assert look_up() == 1
    assert Email.objects.get(kind="sign_in").return_to == PAGE


@pytest.mark.parametrize("email", ["referrer@example.com", "nobody@example.com"])
@pytest.mark.parametrize("page", ["https://evil.example/", PAGE + "/x", PAGE + "?next=//evil.example", "nonsense"])
def test_any_other_is_refused_alike_and_nothing_is_mailed(client, email, page):
    make_link(make_program())
    before = OrmQ.objects.count()
    given = {"program": "neighbours", "email": email, "returnTo": page}
    assert data(client, ASK, {"input": given})["requestLoginLink"] == {"ok": False, "errors": REFUSED}
    assert (OrmQ.objects.count(), LinkRequest.objects.count()) == (before, 0)


def test_nobody_joins_from_another_page(client):
    make_program()
    given = {
        "program": "neighbours",
        "email": "a@example.com",
        "acceptTerms": True,
        "returnTo": "https://evil.example/",
    }
    assert data(client, JOIN, {"input": given})["joinProgram"] == {"link": None, "errors": REFUSED}
    assert not Person.objects.exists()
    payload = data(client, JOIN, {"input": {**given, "returnTo": PAGE}})["joinProgram"]
    assert payload["errors"] == []
    assert Email.objects.get().return_to == PAGE
