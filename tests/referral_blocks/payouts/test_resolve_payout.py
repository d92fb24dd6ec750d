"""A person settles what the machine cannot."""

import pytest

from referral_blocks.core.errors import DomainError
from referral_blocks.flows.resolve_payout import resolve_payout
from referral_blocks.flows.resume_payout import resume_payout
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.rewards.models import Reward
from referral_blocks.webhooks.models import ProviderEvent
from referral_blocks.webhooks.services import receive
from tests.paying import another, attempts, books_agree, confirmed, later, standing, state, work
from tests.payout_fake import FakeProvider, register, signed

pytestmark = pytest.mark.django_db


def parked(shop, settings, fault="drop"):
    """A payout that was tried too often."""
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_MAX_TRIES": 1}
    payout = confirmed()
    shop.faults = [fault]
    work()
    assert state(payout) == ("unknown", "tries")
    return payout


def settle(payout, staff, *, paid, note="Asked them by phone", **given):
    return resolve_payout(payout=payout, paid=paid, note=note, actor=staff, **given)


def last(payout):
    return payout.changes.order_by("-pk").values_list("to_state", "reason", "note", "actor_id").first()


def test_it_was_paid(shop, settings, staff):
    payout = parked(shop, settings)
    assert settle(payout, staff, paid=True, provider_ref="fake-1")
    assert not settle(payout, staff, paid=True)
    assert (state(payout), attempts(payout), last(payout)) == (
        ("paid", ""), [("paid", 1)], ("paid", "person", "Asked them by phone", staff.pk),
    )  # fmt: skip
    assert (PayoutAttempt.objects.get().provider_ref, payout.provider_ref) == ("fake-1", "fake-1")
    assert (Reward.objects.get().state, standing(), books_agree()) == ("issued", (0, 2000), True)
    with later(hours=50):
        assert send_payout(payout_id=payout.pk) is None
    assert shop.sends == 1


def test_it_was_not_paid(shop, settings, staff):
    payout = parked(shop, settings, "lost")
    assert settle(payout, staff, paid=False)
    reward = Reward.objects.get()
    assert (state(payout), attempts(payout)) == (("failed_final", ""), [("failed_final", 1)])
    assert (reward.state, list(reward.pending_reasons.values_list("reason", flat=True))) == (
        "pending", ["provider_error"],
    )  # fmt: skip
    assert (standing(), books_agree(), shop.sends) == ((2000, 0), True, 1)
    with pytest.raises(DomainError):
        settle(payout, staff, paid=True)


def test_it_needs_a_reason_and_a_reference_of_its_own(shop, settings, staff):
    payout = parked(shop, settings)
    with pytest.raises(DomainError) as refused:
        settle(payout, staff, paid=True, note=" ")
    assert refused.value.path == ("note",)
    send_payout(payout_id=another().pk)
    with pytest.raises(DomainError) as refused:
        settle(payout, staff, paid=True, provider_ref="fake-2")
    assert (refused.value.path, state(payout)) == (("providerRef",), ("unknown", "tries"))


def test_only_what_is_open_is_settled_by_hand(shop, staff):
    payout = confirmed()
    for paid in (True, False):
        with pytest.raises(DomainError):
            settle(payout, staff, paid=paid)
    work()
    with pytest.raises(DomainError):
        settle(payout, staff, paid=False)
    assert (state(payout), books_agree()) == (("paid", ""), True)


def test_not_while_the_provider_is_being_asked(shop, staff, monkeypatch):
    payout, real, said = confirmed(), FakeProvider.send, []

    def asked_meanwhile(self, request):
        with pytest.raises(DomainError) as refused:
            settle(payout, staff, paid=False)
        said.append(str(refused.value))
        return real(self, request)

    monkeypatch.setattr(FakeProvider, "send", asked_meanwhile)
    work()
    assert (len(said), "at this moment" in said[0], state(payout)) == (1, True, ("paid", ""))


def test_what_was_accepted_and_never_settles(shop, staff):
    payout = confirmed()
    shop.faults = ["accept"]
    work()
    assert settle(payout, staff, paid=False)
    assert (state(payout), Reward.objects.get().state, books_agree()) == (("failed_final", ""), "pending", True)


def test_a_parked_one_goes_on_by_a_persons_word_in_the_books_first(shop, settings, staff):
    payout = parked(shop, settings)
    with pytest.raises(DomainError):
        resume_payout(payout=payout, note="", actor=staff)
    resume_payout(payout=payout, note="They are back", actor=staff)
    assert work() == 1
    assert (state(payout), shop.sends, len(shop.look_ups), books_agree()) == (("paid", ""), 1, 1, True)
    with pytest.raises(DomainError):
        resume_payout(payout=payout, note="Again", actor=staff)


def test_without_books_it_is_sent_again_with_the_same_key(settings, staff):
    shop = register(settings, read_back=False)
    payout = parked(shop, settings)
    resume_payout(payout=payout, note="They are back", actor=staff)
    work()
    assert (state(payout), shop.sends, shop.paid(payout.public_id), attempts(payout)) == (
        ("paid", ""), 2, 1, [("paid", 2)],
    )  # fmt: skip


def test_without_books_and_beyond_the_window_it_is_not_sent_again(settings, staff):
    shop = register(settings, read_back=False)
    payout = parked(shop, settings)
    with later(hours=30):
        with pytest.raises(DomainError):
            resume_payout(payout=payout, note="They are back", actor=staff)
        assert (state(payout), work(), shop.sends) == (("unknown", "tries"), 0, 1)
        assert settle(payout, staff, paid=True)


def test_one_whose_request_cannot_be_made_is_given_back(shop, staff, monkeypatch):
    payout = confirmed()
    monkeypatch.setattr(FakeProvider, "body", lambda self, order: {}["nothing"])
    work()
    assert state(payout) == ("confirmed", "body")
    with pytest.raises(DomainError):
        settle(payout, staff, paid=True)
    assert settle(payout, staff, paid=False)
    assert (state(payout), Reward.objects.get().state, books_agree(), shop.sends) == (
        ("failed_final", ""), "pending", True, 0,
    )  # fmt: skip


def test_a_late_answer_after_a_person_settled_is_kept_and_shouted(shop, staff, monkeypatch, caplog):
    payout, real = confirmed(), FakeProvider.send

    def very_slow(self, request):
        answer = real(self, request)
        with later(minutes=11):
            PayoutAttempt.objects.update(leased_until=None)
            Payout.objects.update(parked="tries")
            assert settle(Payout.objects.get(), staff, paid=False)
        return answer

    monkeypatch.setattr(FakeProvider, "send", very_slow)
    assert send_payout(payout_id=payout.pk) is None
    assert state(payout) == ("failed_final", "")
    assert "a late answer says that it was paid" in caplog.text


@pytest.mark.parametrize("fault", ["accept", "drop"])
def test_one_whose_provider_is_no_longer_set_up_is_settled_too(shop, settings, staff, fault):
    payout = confirmed()
    shop.faults = [fault]
    work()
    providers = {k: v for k, v in settings.REFERRAL_BLOCKS["PAYOUT_PROVIDERS"].items() if k != "fake"}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_PROVIDERS": providers}
    assert settle(payout, staff, paid=True)
    assert (state(payout), Reward.objects.get().state, books_agree()) == (("paid", ""), "issued", True)


def test_one_whose_provider_is_no_longer_set_up_does_not_go_on(shop, settings, staff):
    payout = parked(shop, settings)
    providers = {k: v for k, v in settings.REFERRAL_BLOCKS["PAYOUT_PROVIDERS"].items() if k != "fake"}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_PROVIDERS": providers}
    with pytest.raises(DomainError):
        resume_payout(payout=payout, note="Go on", actor=staff)
    assert state(payout) == ("unknown", "tries")


@pytest.mark.parametrize("fault", ["drop", "lost"])
def test_a_message_that_comes_after_it_was_settled_as_not_paid_is_looked_into(shop, settings, staff, caplog, fault):
    """The person was wrong, or right: the rewards are on the desk, and who looks there has to know."""
    payout = parked(shop, settings, fault)
    assert settle(payout, staff, paid=False)
    before = payout.changes.count()
    said = {"id": "e-1", "kind": "order.done", "payout": str(payout.public_id)}
    headers, body = signed(said)
    assert receive(provider="fake", headers=headers, body=body) == "accepted"
    caplog.clear()
    work()
    late = list(payout.changes.filter(field="late").values_list("reason", "note", "from_state", "to_state"))
    # Nothing of the payout changes; what the books have is in its history and in the log.
    found = fault == "drop"
    assert late == [("late:paid", "fake-1", "failed_final", "failed_final")] * found
    assert ("a late answer says that it was paid" in caplog.text) == found
    assert (state(payout), payout.changes.count() - before, ProviderEvent.objects.get().result) == (
        ("failed_final", ""), int(found), "read:paid" if found else "read:failed_final",
    )  # fmt: skip
    assert (Reward.objects.get().state, books_agree(), shop.sends) == ("pending", True, 1)
