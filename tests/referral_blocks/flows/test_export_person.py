"""The file of a person's data: all of theirs, nothing of anybody else's, no secret, at one cost."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from referral_blocks.core.crypto import encrypt
from referral_blocks.flows.export_person import FORMAT, VERSION, write_person
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.people.models import Person
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import CouponCode, CouponList, Reward
from tests.erasing import EMAIL, busy_person, plant
from tests.make import make_link, make_program
from tests.security.personal import ERASED, WAYS

pytestmark = pytest.mark.django_db
# Erased, and not in the file: why.
NOT_EXPORTED = {
    "SignIn.token_hash": "a secret's hash",
    "ClaimChange.note": "staff's own note", "GroupChange.note": "staff's own note",
    "PayoutChange.note": "staff's own note", "ReferralChange.note": "staff's own note",
    "RewardChange.note": "staff's own note", "PayoutReversal.note": "staff's own note",
    "Handover.note": "staff's own note", "Handover.proof": "staff's own note",
    "ReviewDecision.reason": "staff's own note; the decision itself is in it",
    "RiskSignal.evidence": "speaks of both sides, and tells how the checks work",
    "Email.key": "made from ids", "Email.return_to": "an address that the settings name",
    "GiftCard.link": "money for whoever has the file",
    "PayoutAttempt.request": "repeats the address and account", "PayoutAttempt.response": "the provider's answer to it",
    "PayoutDestination.key": "a hash that only checks read",
    "Person.email_key": "made from the address", "Person.mailbox_key": "made from the address",
    "Person.phone_key": "made from the number",
    "Visit.ip_hash": "of other people; the person's own is in “referrals”",
}  # fmt: skip


def read(person) -> dict:
    return json.loads("".join(write_person(person=person)))


def test_whatever_an_erasure_takes_is_in_the_file_or_has_its_reason():
    person = busy_person()
    planted = {}
    for number, name in enumerate(sorted(n for n in ERASED if n.split(".")[0] in WAYS)):
        word = f"w{number}x"
        if name in plant(person, word, only={name}):
            planted[name] = word
    Person.objects.filter(pk=person.pk).update(email=EMAIL, phone="12345", country="GB")
    text = "".join(write_person(person=Person.objects.get(pk=person.pk))).lower()
    missing = {name for name, word in planted.items() if word not in text}
    assert missing - set(NOT_EXPORTED) == set()
    assert set(NOT_EXPORTED) & planted.keys() == missing
    assert EMAIL in text
    assert '"12345"' in text


def test_the_file_has_a_stable_shape_and_readable_labels():
    person = busy_person()
    found = read(person)
    assert (found["format"], found["version"]) == (FORMAT, VERSION)
    assert list(found)[5:] == list(found["labels"])
    assert list(found["labels"]) == [
        "person", "enrolments", "links", "shares", "friends", "groups_opened", "referrals", "reviews", "claims",
        "purchases", "refunds", "group_places", "rewards", "rewards_wait_for", "payouts", "payout_accounts", "points",
        "ledger", "mails", "sign_ins",
    ]  # fmt: skip
    (reward,) = found["rewards"]
    assert (reward["state"], reward["state_label"], reward["amount_minor"]) == ("pending", "Pending", 2000)
    assert found["labels"]["rewards"]["amount_minor"] == "Amount in the smallest unit of its currency"
    assert {row["reason"] for row in found["rewards_wait_for"]} == {"hold", "approval"}
    assert [row["order"] for row in found["purchases"]] == ["o-2"]
    with translation.override("de"):
        assert read(person)["rewards"][0]["state"] == "pending"


def test_others_are_told_as_little_as_in_the_portal():
    person = busy_person()
    Referral.objects.filter(referrer__person=person).update(friend_name="Kim Secretname", answers=[{"text": "hush"}])
    text = "".join(write_person(person=person))
    assert "Kim" in text
    for word in ("Secretname", "hush", "other@example.com", "robin@example.com", "fan@example.com"):
        assert word not in text


def test_no_link_and_no_code_of_value_is_in_it():
    person = busy_person()
    GiftCard.objects.update(link=encrypt("https://money.example/card"))
    stock = CouponList.objects.create(program=Reward.objects.first().program, name="Spring")
    CouponCode.objects.create(coupon_list=stock, code="SPRING-77", reward=Reward.objects.filter(person=person).first())
    text = "".join(write_person(person=person))
    assert "money.example" not in text
    assert "SPRING-77" not in text
    assert Payout.objects.get(person=person).public_id.hex in text.replace("-", "")


def test_it_costs_the_same_whatever_the_history():
    link = make_link(make_program(rules=()))
    person, program = link.referrer.person, link.referrer.program
    costs = []
    for friends in (2, 40):
        people = Person.objects.bulk_create(
            Person(email=f"{friends}-{n}@x.example", email_key=f"{friends}-{n}", mailbox_key=f"{friends}-{n}")
            for n in range(friends)
        )
        shared = {"program": program, "referrer": link.referrer, "link": link, "attribution_method": "code"}
        more = {"terms_version": link.referrer.terms_version, "credit_expires_at": timezone.now()}
        Referral.objects.bulk_create(Referral(friend=p, **shared, **more) for p in people)
        with CaptureQueriesContext(connection) as seen:
            assert len(read(person)["friends"]) >= friends
        costs.append(len(seen))
    assert costs == [20, 20]


def test_an_empty_persons_file_is_whole():
    assert read(Person.objects.create(email="a@b.example", email_key="a", mailbox_key="a"))["rewards"] == []
