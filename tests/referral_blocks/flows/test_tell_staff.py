"""Staff hear of what has stopped by itself: those who can do something about it, once a stop."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core import mail

from referral_blocks.flows.stop_sending import resume_sending, stop_sending
from referral_blocks.flows.tell_staff import tell_staff_of_stop
from referral_blocks.payouts.policy import SendingStopChange
from tests.paying import another, confirmed, later, sweep, work
from tests.payout_fake import register

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings):
    return register(settings)


@pytest.fixture
def people(django_user_model):
    """One for each right that matters, one for another, one without an address, one who has left, and the owner."""
    make = django_user_model.objects.create_user
    for right in ("stop_payouts", "resolve_payout", "view_payout"):
        make(right, f"{right}@example.com").user_permissions.add(Permission.objects.get(codename=right))
    make("silent").user_permissions.add(Permission.objects.get(codename="stop_payouts"))
    gone = make("gone", "gone@example.com", is_active=False)
    gone.user_permissions.add(Permission.objects.get(codename="stop_payouts"))
    django_user_model.objects.create_superuser("owner", "owner@example.com")
    return ["owner@example.com", "resolve_payout@example.com", "stop_payouts@example.com"]


def mails() -> list[mail.EmailMessage]:
    return [message for message in mail.outbox if "parked" in message.subject]


def told() -> list[str]:
    return sorted(address for message in mails() for address in message.to)


def test_a_short_balance_is_mailed_once_a_stop_to_those_who_can_do_something(shop, people, settings):
    settings.WAGTAILADMIN_BASE_URL = "https://site.example"
    confirmed()
    another()
    shop.faults = ["not_now"]
    work()
    assert told() == people
    message = mails()[0]
    assert message.subject == "Payouts through “fake” are parked"
    for words in (
        "The provider’s balance is too low", "the shop says not_now", "2 payouts wait",
        "https://site.example/admin/referrals/sending/",
    ):  # fmt: skip
        assert words in message.body
    shop.faults = ["not_now"]
    with later(minutes=11):
        sweep()  # still short: it is no news
    assert told() == people
    with later(minutes=25):
        sweep()  # filled
    shop.faults = ["not_now"]
    with later(minutes=30):
        another(3)
        work()  # short once more
    assert len(mails()) == 2 * len(people)


def test_nobody_is_told_of_a_stop_that_is_over_or_that_a_person_has_set(shop, people, django_user_model):
    owner = django_user_model.objects.get(username="owner")
    stop_sending(provider="fake", note="Audit", actor=owner)
    work()
    resume_sending(provider="fake", note="Done", actor=owner)
    confirmed()
    shop.faults = ["not_now"]
    work()
    mail.outbox.clear()
    resume_sending(provider="fake", note="Filled", actor=owner)
    assert tell_staff_of_stop(stop_change_id=SendingStopChange.objects.filter(cause="balance").earliest("pk").pk) == 0
    assert mails() == []


def test_a_site_whose_staff_has_no_address_goes_on(shop):
    confirmed()
    shop.faults = ["not_now"]
    work()
    assert mails() == []
