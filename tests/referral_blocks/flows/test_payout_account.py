"""A person connects a payout account: nothing is paid before the provider says that it is ready, then everything is."""

from __future__ import annotations

from datetime import timedelta

import pytest
import stripe as sdk
import time_machine
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from graphql_api.errors import UserErrorCode
from referral_blocks.core import conf
from referral_blocks.core.errors import InvalidInput, NotFound, NotPossibleNow
from referral_blocks.core.hashing import keyed_hash
from referral_blocks.flows import refresh_payout_account as flow
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.connect_payout_account import connect_payout_account
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.refresh_payout_account import refresh_due_accounts, refresh_payout_account
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.fraud.models import RiskSignal
from referral_blocks.payouts.account import PayoutAccount, PayoutDestination
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.payouts.provider import ProviderUnavailable
from referral_blocks.payouts.registry import payout_provider
from referral_blocks.people.models import Person
from referral_blocks.rewards.models import Approval, Reward, Side
from tests.at_once import at_once
from tests.make import make_link, make_program
from tests.standins import running_stripe

pytestmark = pytest.mark.django_db

URLS = {"return_url": "https://shop.example/done", "refresh_url": "https://shop.example/again"}
AUTOMATIC = {"approval": Approval.AUTOMATIC, "hold_days": 0}
RULES = (
    {"side": Side.REFERRER, "title": "£20", "amount_minor": 2000, "method": "stripe", **AUTOMATIC},
    {"side": Side.FRIEND, "title": "£10", "amount_minor": 1000, "method": "stripe", **AUTOMATIC},
)


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setattr(sdk.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(sdk.HTTPClient, "MAX_DELAY", 0)
    with running_stripe() as running:
        options = {"api_key": running.api_key, "api_url": running.base_url}
        place = "referral_blocks.payouts.providers.stripe"
        providers = {
            **conf.Conf().PAYOUT_PROVIDERS,
            "stripe": {"path": f"{place}.transfers.StripeTransfers", "options": options},
            "credit": {"path": f"{place}.credit.StripeCredit", "options": options},
        }
        with override_settings(REFERRAL_BLOCKS={"PAYOUT_PROVIDERS": providers}):
            yield running


@pytest.fixture
def referral(stand_in):
    """A friend who has bought: each side has a reward that waits for where to send it."""
    return buy(make_program(rules=RULES))


def buy(program, *, friend="friend@example.com", link=None):
    link = link or make_link(program)
    found = capture_referral(program=program, email=friend, name="Kim", accept_terms=True, code=link.code).referral
    record_sale(
        program=program, source="api", external_id=friend, friend_email=friend, amount="100", currency="GBP"
    )  # fmt: skip
    return found


def connect(person, provider="stripe", country="GB"):
    return connect_payout_account(person=person, provider=provider, country=country, **URLS)


def account_of(person, provider="stripe"):
    return PayoutAccount.objects.get(person=person, provider=provider)


def waits(person):
    return {
        (reward.state, tuple(reward.pending_reasons.values_list("reason", flat=True)))
        for reward in Reward.objects.filter(person=person)
    }


def make_ready(stand_in, person, *destinations):
    """Onboarded at the provider, and read again."""
    connect(person)
    account = account_of(person)
    if destinations:
        stand_in.control("POST", f"accounts/{account.reference}", destinations=list(destinations))
    stand_in.account_status(account.reference, "active")
    return refresh_payout_account(provider="stripe", reference=account.reference)


def test_nothing_is_paid_before_the_account_is_ready_and_everything_after(stand_in, referral):
    person = referral.referrer.person
    assert waits(person) == {("pending", ("payout_details",))}
    assert connect(person).startswith(f"{stand_in.url}/onboarding/")
    account = account_of(person)
    assert (account.state, account.country, account.reference[:5]) == ("onboarding", "GB", "acct_")

    assert refresh_payout_account(provider="stripe", reference=account.reference) is False
    assert (waits(person), Payout.objects.count()) == ({("pending", ("payout_details",))}, 0)

    stand_in.account_status(account.reference, "active")
    assert refresh_payout_account(provider="stripe", reference=account.reference) is True
    (payout,) = Payout.objects.all()
    assert (payout.person, payout.amount_minor, payout.state) == (person, 2000, "confirmed")
    assert send_payout(payout_id=payout.pk) == "paid"
    assert waits(person) == {("issued", ())}
    (paid,) = stand_in.payments()
    assert (paid["destination"], paid["amount_minor"]) == (account.reference, 2000)
    # Once more changes nothing; the friend's reward still waits for the friend.
    assert refresh_payout_account(provider="stripe", reference=account.reference) is True
    assert (Payout.objects.count(), waits(referral.friend)) == (1, {("pending", ("payout_details",))})


def test_what_is_earned_later_goes_out_at_once(stand_in, referral):
    make_ready(stand_in, referral.referrer.person)
    buy(referral.program, friend="second@example.com", link=referral.link)
    assert Payout.objects.filter(person=referral.referrer.person).count() == 2


def test_an_account_that_is_stopped_again_has_its_owner_act(stand_in, referral):
    person = referral.referrer.person
    make_ready(stand_in, person)
    reference = account_of(person).reference
    stand_in.account_status(reference, "rejected")
    assert send_payout(payout_id=Payout.objects.get().pk) == "needs_action"
    assert waits(person) == {("pending", ("payout_details",))}
    assert refresh_payout_account(provider="stripe", reference=reference) is False
    assert (account_of(person).state, stand_in.payments()) == ("restricted", [])
    # The day's job finds it ready again, and a new payout goes out.
    stand_in.account_status(reference, "active")
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=True):
        assert refresh_due_accounts() == 1
    assert send_payout(payout_id=Payout.objects.order_by("-pk").first().pk) == "paid"
    assert len(stand_in.payments()) == 1


def test_connecting_again_leads_on_with_the_same_account(stand_in, referral):
    person = referral.referrer.person
    first, second = connect(person), connect(person, country="FR")
    assert first != second
    assert (PayoutAccount.objects.count(), account_of(person).country) == (1, "GB")
    assert len(stand_in.books()["accounts"]) == 1


def test_an_account_whose_answer_was_lost_is_found_by_its_key(stand_in, referral):
    person = referral.referrer.person
    stand_in.fault("drop_after_commit", path_prefix="/v2/core/accounts", times=3)
    with pytest.raises(NotPossibleNow) as refused:
        connect(person)
    assert refused.value.code == UserErrorCode.PROVIDER_UNAVAILABLE.value
    assert (account_of(person).reference, len(stand_in.books()["accounts"])) == ("", 1)
    connect(person)
    (made,) = stand_in.books()["accounts"]
    assert account_of(person).reference == made["id"]


def test_a_closed_account_is_replaced_by_another(stand_in, referral):
    person = referral.referrer.person
    connect(person)
    old = account_of(person).reference
    stand_in.control("POST", f"accounts/{old}", closed=True)
    assert refresh_payout_account(provider="stripe", reference=old) is False
    assert account_of(person).state == "closed"
    connect(person)
    assert (account_of(person).state, account_of(person).reference != old) == ("onboarding", True)
    assert len(stand_in.books()["accounts"]) == 2


def test_a_closed_account_is_replaced_in_the_same_country_where_nobody_says_another(stand_in, referral):
    person = referral.referrer.person
    connect(person)
    old = account_of(person).reference
    stand_in.control("POST", f"accounts/{old}", closed=True)
    refresh_payout_account(provider="stripe", reference=old)
    connect(person, country="")  # from the provider's own page for links that are too old
    assert (account_of(person).country, account_of(person).reference != old) == ("GB", True)


@pytest.mark.parametrize(
    ("provider", "country", "refusal"),
    [
        ("manual", "GB", (NotFound, "not_found", ("provider",))),
        ("nobody", "GB", (NotFound, "not_found", ("provider",))),
        ("stripe", "GBR", (InvalidInput, "invalid_country", ("country",))),
        ("stripe", "", (InvalidInput, "required", ("country",))),
    ],
)
def test_what_cannot_be_connected_is_refused_and_nothing_is_made(stand_in, referral, provider, country, refusal):
    kind, code, path = refusal
    with pytest.raises(kind) as refused:
        connect(referral.referrer.person, provider, country)
    assert (refused.value.code, refused.value.path) == (code, path)
    assert stand_in.books()["accounts"] == []


def test_credit_needs_nothing_told_and_finds_the_customer_by_their_address(stand_in):
    rule = {"side": Side.REFERRER, "title": "£20 credit", "amount_minor": 2000, "method": "credit", **AUTOMATIC}
    person = buy(make_program(rules=(rule,))).referrer.person
    customer = payout_provider("credit").client.v1.customers.create({"email": person.email})
    assert waits(person) == {("pending", ("payout_details",))}
    assert connect(person, "credit", "") == URLS["return_url"]
    assert (account_of(person, "credit").state, account_of(person, "credit").reference) == ("ready", customer.id)
    assert send_payout(payout_id=Payout.objects.get().pk) == "paid"
    (paid,) = stand_in.payments()
    assert (paid["kind"], paid["amount_minor"], paid["destination"]) == ("credit", 2000, customer.id)


# Paid to one place


def test_destinations_are_kept_as_keyed_hashes_only(stand_in, referral):
    make_ready(stand_in, referral.friend, "bank-1")
    (destination,) = PayoutDestination.objects.all()
    assert destination.key == keyed_hash("payout_destination", "bank-1")
    assert "bank-1" not in destination.key


def test_two_sides_that_are_paid_to_one_place_are_flagged_before_anything_is_paid(stand_in, referral):
    referrer, friend = referral.referrer.person, referral.friend
    make_ready(stand_in, referrer, "bank-1")
    assert Payout.objects.filter(person=referrer).count() == 1  # it went before anybody could know
    make_ready(stand_in, friend, "bank-0", "bank-1")
    referral.refresh_from_db()
    (signal,) = RiskSignal.objects.filter(referral=referral, check_name="self_referral")
    assert (referral.review, signal.score) == ("flagged", 90)
    assert signal.evidence == "The friend and the referrer are paid to one account."
    assert (waits(friend), Payout.objects.filter(person=friend).count()) == ({("pending", ("review",))}, 0)


def test_a_new_account_that_the_other_side_had_before_flags_from_the_referrers_side_too(stand_in, referral):
    make_ready(stand_in, referral.friend, "bank-1")
    make_ready(stand_in, referral.referrer.person, "bank-1")
    referral.refresh_from_db()
    assert referral.review == "flagged"
    assert waits(referral.referrer.person) == {("pending", ("review",))}


def test_two_strangers_may_share_an_account(stand_in, referral):
    other = Person.objects.create(email="o@example.com", email_key="o@example.com", mailbox_key="o@example.com")
    make_ready(stand_in, other, "bank-1")
    make_ready(stand_in, referral.friend, "bank-1")
    referral.refresh_from_db()
    assert (referral.review, Payout.objects.filter(person=referral.friend).count()) == ("clear", 1)


def test_who_already_shares_an_account_is_flagged_when_they_are_captured(stand_in):
    program = make_program(rules=RULES)
    link = make_link(program)
    friend = Person.objects.create(email="k@example.com", email_key="k@example.com", mailbox_key="k@example.com")
    for person in (link.referrer.person, friend):
        make_ready(stand_in, person, "bank-1")
    found = capture_referral(program=program, email="k@example.com", name="Kim", accept_terms=True, code=link.code)
    assert found.referral.review == "flagged"


def test_what_a_person_approved_for_another_reason_is_flagged_again(stand_in, referral):
    RiskSignal.objects.create(
        referral=referral, check_name="self_referral", severity="high", side="both", score=80,
        evidence="The friend and the referrer share a phone number.", occasion="capture",
    )  # fmt: skip
    make_ready(stand_in, referral.friend, "bank-1")
    make_ready(stand_in, referral.referrer.person, "bank-1")
    referral.refresh_from_db()
    assert referral.review == "flagged"


def test_a_check_that_breaks_pays_nothing(stand_in, referral, monkeypatch):
    make_ready(stand_in, referral.referrer.person, "bank-1")
    monkeypatch.setattr(flow, "screen_referral", lambda **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_ready(stand_in, referral.friend, "bank-1")
    assert account_of(referral.friend).state == "onboarding"
    assert Payout.objects.filter(person=referral.friend).count() == 0


# News that is lost, late or in the wrong order


def test_an_answer_that_was_overtaken_changes_nothing(stand_in, referral, monkeypatch):
    person = referral.referrer.person
    make_ready(stand_in, person)
    reference = account_of(person).reference
    provider = payout_provider("stripe")
    read = provider.read_account

    def slow(account):
        stand_in.account_status(account, "restricted")
        facts = read(account)
        stand_in.account_status(account, "active")
        monkeypatch.setattr(provider, "read_account", read)
        refresh_payout_account(provider="stripe", reference=account)
        return facts

    monkeypatch.setattr(provider, "read_account", slow)
    assert refresh_payout_account(provider="stripe", reference=reference) is True
    assert account_of(person).state == "ready"


def test_a_provider_that_cannot_be_reached_changes_nothing(stand_in, referral):
    person = referral.referrer.person
    make_ready(stand_in, person)
    before = account_of(person).checked_at
    stand_in.fault("status", status=503, path_prefix="/v2/core/accounts")
    with pytest.raises(ProviderUnavailable):
        refresh_payout_account(provider="stripe", reference=account_of(person).reference)
    assert (account_of(person).state, account_of(person).checked_at) == ("ready", before)


def test_the_job_asks_hourly_about_those_who_are_not_ready(stand_in, referral):
    connect(referral.friend)
    reference = account_of(referral.friend).reference
    stand_in.account_status(reference, "active")
    assert refresh_due_accounts() == 1  # never looked at before
    stand_in.account_status(reference, "pending")
    refresh_payout_account(provider="stripe", reference=reference)
    stand_in.account_status(reference, "active")
    asked = stand_in.books()["requests"]["GET /v2/core/accounts/{id}"]
    assert refresh_due_accounts() == 0
    assert stand_in.books()["requests"]["GET /v2/core/accounts/{id}"] == asked
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1), tick=True):
        assert refresh_due_accounts() == 1
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=True):
        assert refresh_due_accounts() == 0  # ready, and nothing waits


def test_accounts_that_a_wrong_key_could_not_find_are_found_again(stand_in, referral):
    person = referral.referrer.person
    make_ready(stand_in, person)
    stand_in.fault("status", status=404, code="not_found", path_prefix="/v2/core/accounts", times=1)
    assert refresh_payout_account(provider="stripe", reference=account_of(person).reference) is False
    assert (account_of(person).state, refresh_due_accounts()) == ("closed", 0)
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=True):
        assert refresh_due_accounts() == 1
    assert account_of(person).state == "ready"


def test_the_job_gives_up_on_a_provider_that_is_silent(stand_in, referral, caplog):
    for person in (referral.friend, referral.referrer.person):
        connect(person)
    stand_in.fault("status", status=503, path_prefix="/v2/core/accounts", times=3)
    assert refresh_due_accounts() == 0
    assert stand_in.books()["faults"][0]["hits"] == 3  # the three tries of one call
    assert "cannot be read" in caplog.text


def test_an_unknown_account_is_nobodys(stand_in):
    assert refresh_payout_account(provider="stripe", reference="acct_x") is False
    assert refresh_payout_account(provider="stripe", reference="") is False


def test_no_key_is_in_an_attempt(stand_in, referral):
    make_ready(stand_in, referral.referrer.person)
    send_payout(payout_id=Payout.objects.get().pk)
    (attempt,) = PayoutAttempt.objects.all()
    assert stand_in.api_key not in f"{attempt.request} {attempt.response} {vars(attempt)}"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_account(stand_in):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one write at a time")
    person = make_link(make_program(rules=RULES)).referrer.person
    urls = at_once(lambda _number: connect(person), threads=4)
    assert PayoutAccount.objects.count() == 1
    assert (len(stand_in.books()["accounts"]), len(set(urls))) == (1, 4)
