"""The API's way to one's data: the link, the file, the erasure."""

import json

import pytest
from django_q.models import OrmQ

from referral_blocks.emails.models import Email
from referral_blocks.people.data_page import make_page_token
from referral_blocks.people.models import PersonErasure
from tests.graphql_api.ask import ask, bearer_of, codes, data
from tests.graphql_api.signed_in import refused_without_mailbox
from tests.mailbox import look_up
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db
EXPORT = """mutation($input: ExportPersonInput!) {
  exportPerson(input: $input) { file { url expiresAt } errors { code path } }
}"""
LINK = "mutation($input: RequestDataLinkInput!) { requestDataLink(input: $input) { ok errors { code path } } }"
ERASE = """mutation($input: ErasePersonInput!) { erasePerson(input: $input) {
  state open { rewards amounts { amountMinor currency } points giftCards payoutsOnTheirWay } errors { code path }
} }"""
GIFT = {"side": "friend", "title": "Gift", "amount_minor": 1000, "trigger": "sign_up"}


@pytest.fixture
def referral():
    return make_referral(make_program(rules=(GIFT,)))


def token_of(referral) -> str:
    return make_page_token(person=referral.friend, site_id=referral.program.site_id)


def test_the_referrer_gets_the_address_of_their_file(client):
    link = make_link(make_program())
    refused_without_mailbox(client, EXPORT, {}, link)
    file = data(client, EXPORT, {"input": {}}, bearer=bearer_of(link.referrer))["exportPerson"]
    assert file["errors"] == []
    response = client.get(file["file"]["url"].removeprefix("http://localhost"))
    assert json.loads(b"".join(response.streaming_content))["person"][0]["email"] == "referrer@example.com"


def test_a_friend_gets_it_by_the_token_from_their_mailbox(client, referral):
    file = data(client, EXPORT, {"input": {"token": token_of(referral)}})["exportPerson"]["file"]
    response = client.get(file["url"].removeprefix("http://localhost"))
    assert json.loads(b"".join(response.streaming_content))["person"][0]["email"] == "friend@example.com"
    bad = data(client, EXPORT, {"input": {"token": "x"}})["exportPerson"]
    assert bad == {"file": None, "errors": [{"code": "INVALID_TOKEN", "path": ["token"]}]}


def test_the_link_is_asked_for_with_one_answer_for_all(client, referral):
    for email in ("friend@example.com", "nobody@example.com"):
        assert data(client, LINK, {"input": {"email": email}})["requestDataLink"] == {"ok": True, "errors": []}
    assert look_up() == 2
    assert [mail.person.email for mail in Email.objects.filter(kind="your_data")] == ["friend@example.com"]
    assert codes(ask(client, LINK, {"input": {}})) == ["UNAUTHENTICATED"]
    bearer = bearer_of(referral.referrer)
    assert data(client, LINK, {"input": {}}, bearer=bearer)["requestDataLink"]["ok"] is True
    assert look_up() == 1
    assert Email.objects.filter(kind="your_data", person=referral.referrer.person).count() == 1


def test_an_erasure_says_what_is_open_and_begins_once_it_is_given_up(client, referral):
    given = {"token": token_of(referral)}
    refused = data(client, ERASE, {"input": given})["erasePerson"]
    money = [{"amountMinor": 1000, "currency": "GBP"}]
    value = {"rewards": 1, "amounts": money, "points": 0, "giftCards": 0, "payoutsOnTheirWay": 0}
    assert refused == {"state": None, "open": value, "errors": [{"code": "OPEN_REWARDS", "path": ["giveUp"]}]}
    assert PersonErasure.objects.count() == 0
    begun = data(client, ERASE, {"input": {**given, "giveUp": True, "noMail": True}})["erasePerson"]
    assert begun == {"state": "UNDER_WAY", "open": value, "errors": []}
    erasure = PersonErasure.objects.get()
    assert (erasure.person_id, erasure.reason, erasure.gives_up, erasure.no_mail) == (
        referral.friend_id, "owner", True, True,
    )  # fmt: skip
    again = data(client, ERASE, {"input": {**given, "giveUp": True}})["erasePerson"]
    assert again == {"state": None, "open": None, "errors": [{"code": "INVALID_TOKEN", "path": ["token"]}]}
    assert sum(q.task["func"].endswith("carry_out_erasure") for q in OrmQ.objects.all()) == 1


def test_a_session_alone_erases_nobody(client):
    link = make_link(make_program())
    answer = data(client, ERASE, {"input": {"token": "", "giveUp": True}}, bearer=bearer_of(link.referrer))
    assert answer["erasePerson"]["errors"] == [{"code": "INVALID_TOKEN", "path": ["token"]}]
    assert PersonErasure.objects.count() == 0
