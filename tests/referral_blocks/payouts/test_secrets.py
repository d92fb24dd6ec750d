"""Planted keys, secrets, gift-card links and bank details: none of them is in logs, rows, tasks, mails, admin pages or
error reports."""

from __future__ import annotations

import json
import logging
import sys
from itertools import chain

import pytest
from django.apps import apps
from django.core import mail, serializers
from django.db import models
from django.test import RequestFactory
from django.urls import reverse
from django.views.debug import ExceptionReporter
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from referral_blocks.emails.models import Email
from referral_blocks.emails.services import send_email
from referral_blocks.flows.process_provider_event import process_provider_event
from referral_blocks.flows.read_back_payout import read_back_payout
from referral_blocks.flows.reconcile_payouts import reconcile_payouts
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.refresh_payout_account import refresh_payout_account
from referral_blocks.flows.send_payout import request_of, send_payout
from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.payouts.providers.runa.cards import link_of
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.payouts.registry import payout_provider
from referral_blocks.webhooks.models import ProviderEvent
from tests.make import make_program, make_referral
from tests.referral_blocks.admin.test_pages_open import LISTS
from tests.standins import StandIn, running_runa, running_stripe

pytestmark = pytest.mark.django_db
STRIPE_HOOK = "whsec_planted_stripe_endpoint"
RUNA_HOOK = "whsec_" + "cGxhbnRlZC1zdmlMLWVuZHBvaW50LXNlY3JldC0="
FINGERPRINT = "plantedbankfingerprint"
AT_ONCE = {"hold_days": 0, "approval": "automatic"}
RULES = (
    {"side": "referrer", "title": "£20", "amount_minor": 2000, "method": "stripe", **AT_ONCE},
    {
        "side": "friend", "title": "Card", "amount_minor": 1000, "method": "runa",
        "method_options": {"product": "SBX-ANY-GB", "distribution": "link", "order_at": "approval"}, **AT_ONCE,
    },
)  # fmt: skip


@pytest.fixture
def both(settings):
    """Both providers by their real adapters."""
    plugs = "referral_blocks.payouts.providers."
    with running_stripe() as stripe, running_runa() as runa:
        cash = {"api_key": stripe.api_key, "webhook_secret": [STRIPE_HOOK], "api_url": stripe.base_url}
        cards = {"api_key": runa.api_key, "webhook_secret": [RUNA_HOOK], "base_url": runa.base_url}
        settings.REFERRAL_BLOCKS = {
            **settings.REFERRAL_BLOCKS,
            "PAYOUT_PROVIDERS": {
                "manual": plugs + "manual.provider.ManualProvider",
                "stripe": {"path": plugs + "stripe.transfers.StripeTransfers", "options": cash},
                "runa": {"path": plugs + "runa.provider.RunaGiftCards", "options": cards},
            },
        }
        yield stripe, runa


def pay_in_every_way(stripe: StandIn, runa: StandIn) -> None:
    """A transfer and a gift card, each after a lost answer and a broken one, looked up, compared and asked about."""
    referral = make_referral(make_program(rules=RULES))
    account = stripe.active_account()
    stripe.control("POST", f"accounts/{account}", destinations=[FINGERPRINT])
    PayoutAccount.objects.create(person=referral.referrer.person, provider="stripe", reference=account, country="GB")
    refresh_payout_account(provider="stripe", reference=account)
    record_sale(
        program=referral.program, source="api", external_id="1", friend_email="friend@example.com", amount="100",
        currency="GBP",
    )  # fmt: skip
    for stand_in in (stripe, runa):
        stand_in.fault("status", status=500, times=1, method="POST")
        stand_in.fault("drop_after_commit", times=1, method="POST")
    for _ in range(6):
        for payout in Payout.objects.exclude(state="paid"):
            PayoutAttempt.objects.update(leased_until=None)
            async_task("referral_blocks.flows.tasks.send_payout", payout.pk, sync=True)
            read_back_payout(payout_id=payout.pk)
    for alias in ("stripe", "runa"):
        reconcile_payouts(provider=alias)
        payout_provider(alias).balance("GBP")


def hear(client) -> None:
    """A message that is forged, and one that is not understood."""
    for alias in ("stripe", "runa"):
        forged = {"Stripe-Signature": "t=1,v1=x", "svix-id": "1", "svix-timestamp": "1", "svix-signature": "v1,x"}
        body = json.dumps({"id": "evt_1", "link": GiftCard.objects.count()})
        client.post(f"/referrals/webhooks/{alias}/", body, content_type="application/json", headers=forged)
    for event in ProviderEvent.objects.all():
        process_provider_event(event_id=event.pk)


def every_row() -> str:
    """All that the database holds, encrypted links as the bytes that they are."""
    models_of_ours = [m for m in apps.get_models() if m._meta.managed and m is not OrmQ]
    rows = serializers.serialize("json", chain(*(m._default_manager.all() for m in models_of_ours)))
    raw = [
        repr(value)
        for model in models_of_ours
        for field in model._meta.fields
        if isinstance(field, models.BinaryField)
        for value in model._default_manager.values_list(field.name, flat=True)
    ]
    return "\n".join([rows, *raw, *(str(task.task) for task in OrmQ.objects.all())])


def every_page(client) -> str:
    pages = [client.get(reverse(name)) for name in LISTS]
    pages += [
        client.get(reverse("referral_payouts:inspect", args=[pk])) for pk in Payout.objects.values_list("pk", flat=True)
    ]
    assert {page.status_code for page in pages} == {200}
    return "\n".join(page.content.decode() for page in pages)


def report_of_a_crash(alias: str, monkeypatch) -> str:
    """Something breaks deep in the talk with a provider: Django's error page for it, or what the adapter made of it."""

    def crash(*args, **kwargs):
        raise RuntimeError("crash")

    monkeypatch.setattr("requests.Session.send", crash)
    attempt = PayoutAttempt.objects.get(provider=alias)
    try:
        result = payout_provider(alias).send(request_of(attempt=attempt))
    except RuntimeError:
        reporter = ExceptionReporter(RequestFactory().get("/"), *sys.exc_info())
        return reporter.get_traceback_html() + reporter.get_traceback_text()
    assert result.outcome == "unknown"
    return repr(result)


def test_no_secret_is_anywhere(both, client, admin_client, caplog, monkeypatch):
    stripe, runa = both
    caplog.set_level(logging.DEBUG)
    pay_in_every_way(stripe, runa)
    hear(client)
    assert set(Payout.objects.values_list("provider", "state")) == {("stripe", "paid"), ("runa", "paid")}
    assert (Task.objects.count() > 0, GiftCard.objects.count()) == (True, 1)
    for email in Email.objects.all():
        send_email(email_id=email.pk)
    link = link_of(GiftCard.objects.get())
    secrets = {
        "Stripe’s key": stripe.api_key,
        "Runa’s key": runa.api_key,
        "Stripe’s endpoint": STRIPE_HOOK,
        "Runa’s endpoint": RUNA_HOOK.removeprefix("whsec_"),
        "the gift card’s link": link,
        "… and what makes it one": link.rstrip("/").rsplit("/", 1)[-1],
        "a bank account": FINGERPRINT,
    }
    places = {
        "logs": caplog.text,
        "rows": every_row(),
        "mails": "\n".join(str(message.message()) for message in mail.outbox),
        "pages": every_page(admin_client),
        "report of Stripe": report_of_a_crash("stripe", monkeypatch),
        "report of Runa": report_of_a_crash("runa", monkeypatch),
    }
    assert all(len(value) > 8 for value in secrets.values())
    assert all(len(text) > 200 for name, text in places.items() if not name.startswith("report"))
    found = [(name, where) for name, value in secrets.items() for where, text in places.items() if value in text]
    assert found == []
    # The search would find them: what is not secret is there.
    reference = Payout.objects.get(provider="stripe").provider_ref
    assert all(reference in places[where] for where in ("rows", "pages"))


def test_a_payout_whose_provider_refuses_the_key_names_no_key(both, caplog, settings):
    stripe, runa = both
    caplog.set_level(logging.DEBUG)
    given = settings.REFERRAL_BLOCKS["PAYOUT_PROVIDERS"]
    wrong = {
        a: {**given[a], "options": {**given[a]["options"], "api_key": f"sk_wrong_planted_{a}"}}
        for a in ("stripe", "runa")
    }
    referral = make_referral(make_program(rules=RULES))
    PayoutAccount.objects.create(
        person=referral.referrer.person,
        provider="stripe",
        reference=stripe.active_account(),
        country="GB",
        state="ready",
    )
    record_sale(
        program=referral.program, source="api", external_id="1", friend_email="friend@example.com", amount="100",
        currency="GBP",
    )  # fmt: skip
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_PROVIDERS": {**given, **wrong}}
    outcomes = [send_payout(payout_id=payout.pk) for payout in Payout.objects.order_by("pk")]
    assert (outcomes, stripe.payments(), runa.payments()) == (["not_now", "not_now"], [], [])
    assert "sk_wrong_planted" not in caplog.text + every_row()
