"""What providers tell us changes nothing by itself: forged, stale, replayed and reordered messages are counted, and a
believed one only makes us look."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from referral_blocks.flows import process_provider_event as flow
from referral_blocks.flows.process_provider_event import forget_old_events, process_provider_event, resume_events
from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.payouts.models import Payout, PayoutChange
from referral_blocks.payouts.provider import Outcome
from referral_blocks.people.models import Person
from referral_blocks.webhooks.models import EventCount, ProviderEvent
from referral_blocks.webhooks.services import claim_event, receive
from tests.at_once import at_once
from tests.paying import books_agree, confirmed, later, state, work
from tests.payout_fake import register, signed

pytestmark = pytest.mark.django_db


def tell(said, *, age=timedelta(), provider="fake", **changed):
    headers, body = signed(said, age=age)
    return receive(provider=provider, headers={**headers, **changed}, body=body)


def counts():
    return dict(EventCount.objects.values_list("what", "count"))


def everything():
    """All that money hangs on."""
    return list(Payout.objects.values("state", "provider_ref", "next_try_at")), PayoutChange.objects.count()


def accepted(shop):
    """A payout that the provider has accepted, and has paid by now."""
    payout = confirmed()
    shop.faults = ["accept"]
    work()
    shop.order(payout.public_id).outcome = Outcome.PAID
    return payout


def test_a_believed_message_makes_us_look_and_the_books_decide(shop):
    payout = accepted(shop)
    assert tell({"id": "e-1", "kind": "order.done", "ref": "fake-1"}) == "accepted"
    assert (state(payout), OrmQ.objects.count()) == (("sent", ""), 1)
    work()
    event = ProviderEvent.objects.get()
    assert (state(payout), event.result, event.next_try_at, books_agree()) == (("paid", ""), "read:paid", None, True)
    assert counts() == {"accepted": 1}


def test_a_message_alone_never_pays(shop):
    payout = accepted(shop)
    shop.order(payout.public_id).outcome = Outcome.ACCEPTED
    tell({"id": "e-1", "kind": "order.PAID", "ref": "fake-1", "status": "paid"})
    work()
    assert (state(payout), ProviderEvent.objects.get().result) == (("sent", ""), "read:accepted")


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ({"said": {"id": "e-1", "kind": "k", "ref": "fake-1"}, "Shop-Signature": "00"}, "forged"),
        ({"said": {"id": "e-1", "kind": "k", "ref": "fake-1"}, "Shop-Signature": ""}, "forged"),
        ({"said": {"id": "e-1", "kind": "k", "ref": "fake-1"}, "age": timedelta(minutes=6)}, "stale"),
        ({"said": {"id": "e-1", "kind": "k", "ref": "fake-1"}, "age": timedelta(minutes=-6)}, "stale"),
        ({"said": b"not json"}, "malformed"),
        ({"said": {"id": "", "kind": "k"}}, "malformed"),
        ({"said": {"id": "e" * 121, "kind": "k"}}, "malformed"),
    ],
)
def test_what_is_not_believed_changes_nothing_and_is_counted(shop, message, what):
    accepted(shop)
    before = everything()
    assert [tell(message.pop("said"), **message)] == [what]
    assert (everything(), counts(), ProviderEvent.objects.count(), work()) == (before, {what: 1}, 0, 0)


def test_the_same_message_again_changes_nothing_and_is_counted(shop):
    accepted(shop)
    message = {"id": "e-1", "kind": "order.done", "ref": "fake-1"}
    tell(message)
    work()
    before = everything()
    assert [tell(message) for _ in range(3)] == ["duplicate"] * 3
    assert (work(), everything(), counts(), shop.look_ups) == (
        0, before, {"accepted": 1, "duplicate": 3}, [str(Payout.objects.get().public_id)],
    )  # fmt: skip


def test_a_replayed_message_is_stale_even_under_another_id_of_ours(shop):
    headers, body = signed({"id": "e-1", "kind": "k", "ref": "fake-1"})
    with later(minutes=10):
        assert receive(provider="fake", headers=headers, body=body) == "stale"


def test_messages_in_any_order_come_to_the_same(shop):
    payout = accepted(shop)
    shop.order(payout.public_id).outcome = Outcome.RETURNED
    for number, kind in enumerate(("order.returned", "order.done", "order.created")):
        tell({"id": f"e-{number}", "kind": kind, "ref": "fake-1"})
    work()
    assert (state(payout), books_agree()) == (("returned", ""), True)
    assert [e.result for e in ProviderEvent.objects.order_by("pk")] == ["read:returned", "ignored", "ignored"]
    assert counts() == {"accepted": 3, "ignored": 2}


def test_what_is_about_nothing_of_ours_is_ignored_after_some_patience(shop):
    tell({"id": "e-1", "kind": "order.done", "ref": "somebody-elses"})
    work()
    assert ProviderEvent.objects.get().done_at is None  # our answer may be on its way still
    for minutes in (2, 5, 10, 20, 40):
        with later(minutes=minutes):
            resume_events()
            work()
    event = ProviderEvent.objects.get()
    assert (event.result, event.tries, event.next_try_at, counts()) == (
        "ignored",
        4,
        None,
        {"accepted": 1, "ignored": 1},
    )
    tell({"id": "e-2", "kind": "ping"})
    work()
    assert ProviderEvent.objects.get(event_id="e-2").result == "ignored"


def test_a_message_that_overtakes_our_own_answer_is_kept_until_it_is_there(shop):
    payout = confirmed()
    tell({"id": "e-1", "kind": "order.done", "ref": "fake-1"})
    process_provider_event(event_id=ProviderEvent.objects.get().pk)
    work()  # now it is sent
    with later(minutes=2):
        resume_events()
        work()
    assert (state(payout), ProviderEvent.objects.get().result) == (("paid", ""), "read:paid")


def test_another_providers_message_with_our_reference_is_not_about_our_payout(shop, settings):
    payout = accepted(shop)
    conf = settings.REFERRAL_BLOCKS
    settings.REFERRAL_BLOCKS = {
        **conf, "PAYOUT_PROVIDERS": {**conf["PAYOUT_PROVIDERS"], "second": conf["PAYOUT_PROVIDERS"]["fake"]},
    }  # fmt: skip
    tell({"id": "e-1", "kind": "k", "ref": "fake-1", "payout": str(payout.public_id)}, provider="second")
    work()
    assert (state(payout), shop.look_ups) == (("sent", ""), [])


def test_a_message_about_an_account_has_it_read_again(settings, monkeypatch):
    register(settings, webhooks=True, needs_account=True)
    person, asked = Person.objects.create(email="robin@example.com"), []
    PayoutAccount.objects.create(person=person, provider="fake", reference="acct-1")
    monkeypatch.setattr(flow, "refresh_payout_account", lambda **kwargs: bool(asked.append(kwargs)) or True)
    tell({"id": "e-1", "kind": "account", "account": "acct-1"})
    work()
    assert asked == [{"provider": "fake", "reference": "acct-1"}]
    assert ProviderEvent.objects.get().result == "ready"


def test_an_error_while_it_is_worked_on_brings_it_again_later_and_not_for_ever(shop, monkeypatch):
    def fails(**kwargs):
        raise ConnectionError

    monkeypatch.setattr(flow, "read_back_payout", fails)
    accepted(shop)
    tell({"id": "e-1", "kind": "k", "ref": "fake-1"})
    for hours in range(0, 200, 7):
        with later(hours=hours):
            resume_events()
            try:
                work()
            except ConnectionError:
                continue
    event = ProviderEvent.objects.get()
    assert (event.tries, event.next_try_at, event.done_at) == (12, None, None)


def test_a_lost_task_is_found_again_once(shop):
    accepted(shop)
    tell({"id": "e-1", "kind": "k", "ref": "fake-1"})
    OrmQ.objects.all().delete()
    assert resume_events() == 0
    with later(minutes=2):
        assert [resume_events(), resume_events()] == [1, 0]
        work()
    assert ProviderEvent.objects.get().result == "read:paid"


def test_messages_are_forgotten_after_ninety_days(shop):
    for number, days in enumerate((89, 91, 200)):
        tell({"id": f"e-{number}", "kind": "k"})
        ProviderEvent.objects.filter(event_id=f"e-{number}").update(received_at=timezone.now() - timedelta(days=days))
    assert (forget_old_events(), forget_old_events()) == (2, 0)
    assert ProviderEvent.objects.get().event_id == "e-0"


@pytest.mark.django_db(transaction=True)
def test_many_deliveries_at_once_are_one_message_and_all_are_counted(shop):
    payout = accepted(shop)
    message = signed({"id": "e-1", "kind": "order.done", "ref": "fake-1"})
    said = at_once(lambda n: receive(provider="fake", headers=message[0], body=message[1]), threads=12)
    assert (sorted(said), OrmQ.objects.count()) == (["accepted"] + ["duplicate"] * 11, 1)
    assert counts() == {"accepted": 1, "duplicate": 11}
    pk = ProviderEvent.objects.get().pk
    at_once(lambda n: process_provider_event(event_id=pk), threads=8)
    with later(minutes=5):
        resume_events()
        work()
    assert (state(payout), books_agree()) == (("paid", ""), True)


@pytest.mark.django_db(transaction=True)
def test_each_try_is_one_workers(shop):
    accepted(shop)
    tell({"id": "e-1", "kind": "k", "ref": "fake-1"})
    pk = ProviderEvent.objects.get().pk
    claimed = [event for event in at_once(lambda n: claim_event(event_id=pk), threads=16) if event is not None]
    assert sorted(event.tries for event in claimed) == list(range(1, ProviderEvent.objects.get().tries + 1))


class TestTheAddress:
    def post(self, client, said, alias="fake", **extra):
        headers, body = signed(said)
        path = reverse("referral_blocks:provider_webhook", args=[alias])
        return client.post(path, data=body, content_type="application/json", headers={**headers, **extra})

    def test_keeps_what_it_believes_and_answers_at_once(self, shop, client):
        accepted(shop)
        said = {"id": "e-1", "kind": "k", "ref": "fake-1"}
        assert [self.post(client, said).status_code for _ in range(2)] == [204, 204]
        assert (ProviderEvent.objects.count(), shop.look_ups) == (1, [])

    def test_needs_no_form_token(self, shop, settings):
        from django.test import Client

        assert self.post(Client(enforce_csrf_checks=True), {"id": "e-1", "kind": "k"}).status_code == 204

    def test_says_nothing_about_why_it_does_not_believe(self, shop, client):
        answer = self.post(client, {"id": "e-1", "kind": "k"}, **{"Shop-Signature": "00"})
        assert (answer.status_code, answer.content, counts()) == (400, b"", {"forged": 1})

    def test_does_not_tell_which_providers_there_are(self, shop, client):
        answers = [self.post(client, {"id": "e-1", "kind": "k"}, alias=a) for a in ("manual", "nobody", "fake2")]
        assert {(a.status_code, a.content) for a in answers} == {(404, b"")}
        assert counts() == {}

    def test_reads_no_more_than_it_needs(self, shop, client):
        answer = self.post(client, {"id": "e-1", "kind": "k", "fill": "x" * 256 * 1024})
        assert (answer.status_code, ProviderEvent.objects.count(), counts()) == (413, 0, {})

    def test_takes_messages_only(self, shop, client):
        assert client.get(reverse("referral_blocks:provider_webhook", args=["fake"])).status_code == 405

    def test_a_flood_of_forgeries_costs_a_bounded_number_of_writes(self, shop, client, settings, monkeypatch):
        settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
        monkeypatch.setattr("referral_blocks.webhooks.services.COUNTED", "5/minute")
        body = json.dumps({"id": "e-1", "kind": "k"})
        for _ in range(20):
            assert receive(provider="fake", headers={}, body=body.encode()) == "forged"
        assert counts() == {"forged": 5}
