"""Whoever makes several mistakes in an input is told all of them in one answer, each with its path."""

import pytest
from strawberry import relay
from wagtail.models import Site

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.emails.link_requests import LinkRequest
from referral_blocks.emails.models import Email
from referral_blocks.flows.open_group import open_group
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.groups.models import GroupMember
from referral_blocks.links.models import ReferralLink
from referral_blocks.people.models import Person
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale, SaleReversal
from referral_blocks.webhooks.endpoints.models import WebhookEndpoint, WebhookEndpointChange
from tests.graphql_api.ask import data
from tests.make import make_link, make_program, make_referral
from tests.referral_blocks.flows.test_groups import GROUP_RULES, make_offer

pytestmark = pytest.mark.django_db

WRITTEN = (
    Person, ReferralLink, Referral, GroupMember, Email, LinkRequest, Sale, SaleReversal, Reward, WebhookEndpoint,
    WebhookEndpointChange, ApiKey,
)  # fmt: skip
FRIEND = {"email": "kim@", "name": "www.evil.example", "acceptTerms": False}
FRIEND_ERRORS = [("INVALID_EMAIL", "email"), ("INVALID_NAME", "name")]
NO_TERMS = ("TERMS_NOT_ACCEPTED", "acceptTerms")
TOO_LONG, FUTURE, PAST = "1" * 33, "2999-01-01T00:00:00Z", "2020-01-01T00:00:00Z"

# Mutation → what is sent, and all that is wrong with it, in this order.
CASES = {
    "joinProgram": (
        {**FRIEND, "program": "neighbours", "country": "UK1", "returnTo": "https://evil.example/"},
        [*FRIEND_ERRORS, ("INVALID_COUNTRY", "country"), NO_TERMS, ("RETURN_NOT_ALLOWED", "returnTo")],
    ),
    "requestLoginLink": (
        {"program": "neighbours", "email": "kim@", "returnTo": "https://evil.example/"},
        [("INVALID_EMAIL", "email"), ("RETURN_NOT_ALLOWED", "returnTo")],
    ),
    "captureReferral": (
        {**FRIEND, "program": "neighbours", "phone": TOO_LONG, "country": "UK1", "code": "NOBODY99"},
        [
            *FRIEND_ERRORS, ("TOO_LONG", "phone"), ("INVALID_COUNTRY", "country"), ("UNKNOWN_CODE", "code"), NO_TERMS,
        ],
    ),
    "joinGroup": ({**FRIEND, "phone": TOO_LONG}, [*FRIEND_ERRORS, ("TOO_LONG", "phone"), NO_TERMS]),
    "attributeReferral": (
        {"program": "neighbours", "email": "kim@", "name": "www.evil.example", "phone": TOO_LONG, "reason": " "},
        [*FRIEND_ERRORS, ("TOO_LONG", "phone"), ("REQUIRED", "reason")],
    ),
    "recordSale": (
        {
            "program": "neighbours", "externalId": "", "friendEmail": "friend@", "friendPhone": TOO_LONG,
            "friendName": "\u202e", "currency": "EUR", "amount": "1.999", "occurredAt": FUTURE, "product": "x" * 121,
        },
        [
            ("REQUIRED", "externalId"), ("INVALID_EMAIL", "friendEmail"), ("TOO_LONG", "friendPhone"),
            ("INVALID_TEXT", "friendName"), ("CURRENCY_MISMATCH", "currency"), ("TOO_MANY_DECIMALS", "amount"),
            ("IN_FUTURE", "occurredAt"), ("TOO_LONG", "product"),
        ],
    ),
    "reverseSale": (
        {
            "program": "neighbours", "externalId": "A-0", "reversalId": "", "kind": "REFUND", "amount": "-1",
            "occurredAt": FUTURE,
        },
        [("REQUIRED", "reversalId"), ("INVALID_AMOUNT", "amount"), ("IN_FUTURE", "occurredAt")],
    ),
    "createWebhookEndpoint": (
        {"url": "https://127.0.0.1/", "kinds": ["VISITS_COUNTED"], "description": "x" * 121},
        [("PRIVATE_ADDRESS", "url"), ("UNKNOWN_CHOICE", "kinds"), ("TOO_LONG", "description")],
    ),
    "updateWebhookEndpoint": (
        {"url": "https://127.0.0.1/", "kinds": ["VISITS_COUNTED"], "description": "x" * 121, "enabled": False},
        [("PRIVATE_ADDRESS", "url"), ("UNKNOWN_CHOICE", "kinds"), ("TOO_LONG", "description")],
    ),
    # Whoever may not hand the scope on is told so when the rest is right.
    "createApiKey": (
        {"name": " ", "scopes": ["PAYOUTS_WRITE"], "expiresAt": PAST},
        [("REQUIRED", "name"), ("OUT_OF_RANGE", "expiresAt")],
    ),
}  # fmt: skip
SCOPES = (Scope.SALES_WRITE, Scope.REFERRALS_WRITE, Scope.WEBHOOKS_WRITE, Scope.KEYS_WRITE)


@pytest.fixture
def program():
    return make_program(rules=GROUP_RULES)


@pytest.fixture
def given(program):
    """What belongs to an input beside its mistakes."""
    link = make_link(program)
    make_referral(program, link=link)
    sale = {"source": "api", "external_id": "A-1", "friend_email": "friend@example.com"}
    record_sale(program=program, amount="100", currency="GBP", **sale)
    group = open_group(referrer=link.referrer, offer=make_offer(program))
    endpoint = WebhookEndpoint.objects.create(site_id=program.site_id, url="https://1.1.1.1/", secret=b"", kinds=[])
    return {
        "joinGroup": {"group": str(group.public_id)},
        "attributeReferral": {"referrer": relay.to_base64("ReferrerRecord", link.referrer.public_id)},
        "updateWebhookEndpoint": {"id": relay.to_base64("WebhookEndpoint", endpoint.public_id)},
    }


def refused(client, name, sent):
    """Codes and paths; fails where something was written, and where a message is missing."""
    site = Site.objects.get(is_default_site=True)
    bearer = create_api_key(site_id=site.pk, name="Till", scopes=SCOPES)[1]
    before = [model.objects.count() for model in WRITTEN]
    document = (
        f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{"
        " errors { code path message } } }"
    )
    errors = data(client, document, {"input": sent}, bearer=bearer)[name]["errors"]
    assert [model.objects.count() for model in WRITTEN] == before
    assert all(error["message"] for error in errors)
    return [(error["code"], ".".join(error["path"])) for error in errors]


@pytest.mark.parametrize("name", CASES)
def test_all_mistakes_of_an_input_are_told_in_one_answer(client, given, name):
    sent, errors = CASES[name]
    assert refused(client, name, {**sent, **given.get(name, {})}) == errors


@pytest.mark.parametrize("name", ["joinProgram", "captureReferral", "joinGroup"])
def test_what_is_refused_is_the_same_for_an_address_that_is_known(client, given, name):
    sent, errors = CASES[name]
    rest = [error for error in errors if error[1] != "email"]
    for email in ("referrer@example.com", "friend@example.com", "new@example.com"):
        assert refused(client, name, {**sent, **given.get(name, {}), "email": email}) == rest


@pytest.mark.parametrize("name", ["joinProgram", "captureReferral", "joinGroup"])
def test_a_programme_that_is_closed_says_only_that(client, program, given, name):
    program.status = ProgramStatus.PAUSED
    program.save()
    assert refused(client, name, {**CASES[name][0], **given.get(name, {})}) == [("PROGRAM_CLOSED", "")]


def test_what_follows_from_the_books_is_told_once_the_input_is_right(client, given):
    sale = {"program": "neighbours", "externalId": "A-2", "friendEmail": "nobody@example.com", "currency": "GBP"}
    assert refused(client, "recordSale", {**sale, "amount": "0"}) == [("INVALID_AMOUNT", "amount")]
    assert refused(client, "recordSale", {**sale, "amount": "5"}) == [("NO_REFERRAL", "friendEmail")]
    key = {"name": "Books", "scopes": ["PAYOUTS_WRITE"]}
    assert refused(client, "createApiKey", key) == [("NOT_ALLOWED", "scopes")]


def test_a_currency_that_nobody_knows_and_an_amount_are_both_told(client, given):
    sale = {"program": "neighbours", "externalId": "A-2", "friendEmail": "friend@example.com"}
    assert refused(client, "recordSale", {**sale, "currency": "XXY", "amount": "much"}) == [
        ("INVALID_CURRENCY", "currency"),
        ("INVALID_AMOUNT", "amount"),
    ]
