from __future__ import annotations

import io
import logging
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ

from referral_blocks.activity.models import Activity
from referral_blocks.core.errors import NotFound, NotPossibleNow
from referral_blocks.emails.models import Email
from referral_blocks.emails.services import send_email
from referral_blocks.flows.claim_reward import claim_reward
from referral_blocks.flows.expire_rewards import expire_rewards
from referral_blocks.flows.fetch_gift_cards import fetch_gift_cards
from referral_blocks.flows.pay_reward import waits_for_claim
from referral_blocks.flows.read_back_payout import read_back_payout
from referral_blocks.flows.remind_gift_cards import remind_gift_cards
from referral_blocks.flows.resolve_payout import resolve_payout
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.flows.show_gift_card import show_gift_card
from referral_blocks.payouts.models import Payout, PayoutAttempt, PayoutChange
from referral_blocks.payouts.policy import PayoutPolicy
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.people.models import Person
from referral_blocks.programs.models import PayoutMode
from referral_blocks.rewards.models import Reward, RewardState
from tests.gift_cards import bought, earned, gift_card_program, use_runa
from tests.standins import running_runa

pytestmark = pytest.mark.django_db


@pytest.fixture
def runa(settings):
    with running_runa() as stand_in:
        use_runa(settings, stand_in)
        yield stand_in


def mails(kind: str) -> list[Email]:
    return list(Email.objects.filter(kind=kind).order_by("pk"))


def sent(kind: str) -> mail.EmailMultiAlternatives:
    mail.outbox.clear()
    send_email(email_id=mails(kind)[-1].pk)
    (message,) = mail.outbox
    return message


# Claiming


def test_a_reward_that_is_ordered_when_it_is_claimed_waits_for_its_owner(runa):
    reward = earned(gift_card_program(order_at="claim"))
    assert (reward.state, Payout.objects.count()) == (RewardState.APPROVED, 0)
    message = sent("reward_to_claim")
    assert message.to == ["friend@example.com"]
    assert "/referrals/reward/" in message.body


def test_claiming_orders_once_however_often_it_is_pressed(runa):
    reward = earned(gift_card_program(order_at="claim"))
    assert [claim_reward(reward=reward, person=reward.person) for _ in range(3)] == [True, False, False]
    (payout,) = Payout.objects.all()
    assert send_payout(payout_id=payout.pk) == "paid"
    assert claim_reward(reward=reward, person=reward.person) is False
    assert (reward.state, len(runa.payments())) == (RewardState.ISSUED, 1)
    assert [c.to_state for c in reward.changes.filter(field="order_at")] == ["claimed"]


def test_nobody_claims_for_somebody_else(runa):
    reward = earned(gift_card_program(order_at="claim"))
    referrer = Person.objects.get(email="referrer@example.com")
    with pytest.raises(NotFound):
        claim_reward(reward=reward, person=referrer)
    reward.refresh_from_db()
    assert (waits_for_claim(reward=reward), Payout.objects.count()) == (True, 0)


@pytest.mark.parametrize("why", ["pending", "late"])
def test_what_is_not_there_cannot_be_claimed(runa, why):
    rule = {"hold_days": 14} if why == "pending" else {"expires_days": 30}
    reward = earned(gift_card_program(order_at="claim", rule=rule))
    days = 0 if why == "pending" else 31
    with time_machine.travel(timezone.now() + timedelta(days=days)), pytest.raises(NotPossibleNow):
        claim_reward(reward=reward, person=reward.person)
    assert (Payout.objects.count(), Reward.objects.get().method_options["order_at"]) == (0, "claim")


@pytest.mark.parametrize("why", ["second person", "runs"])
def test_what_asks_for_more_than_its_owner_is_marked_and_waits_for_a_run(runa, why):
    program = gift_card_program(order_at="claim")
    if why == "runs":
        program.payout_mode = PayoutMode.RUNS
        program.save()
    else:
        PayoutPolicy.objects.create(program=program, currency="GBP", second_person_minor=1999)
    reward = earned(program)
    assert [claim_reward(reward=reward, person=reward.person) for _ in range(2)] == [True, False]
    assert (reward.state, Payout.objects.count()) == (RewardState.APPROVED, 0)
    assert waits_for_claim(reward=reward) is False, "a run takes it"
    assert Activity.objects.order_by("pk").last().kind == "reward.changed"


# Showing


def test_the_owner_is_shown_the_link_and_each_look_is_written_down(runa):
    reward = bought(gift_card_program())
    links = {show_gift_card(reward=reward, person=reward.person) for _ in range(2)}
    first = GiftCard.objects.get().first_shown_at
    show_gift_card(reward=reward, person=reward.person)
    assert len(links) == 1
    assert links.pop().startswith(f"{runa.url}/spend/")
    assert GiftCard.objects.get().first_shown_at == first is not None
    assert PayoutChange.objects.filter(field="gift_card", to_state="shown", reason="owner").count() == 3


@pytest.mark.parametrize("why", ["other", "expired", "key"])
def test_the_link_is_not_shown(runa, settings, why):
    reward = bought(gift_card_program())
    person = reward.person
    if why == "other":
        person = Person.objects.get(email="referrer@example.com")
    elif why == "expired":
        GiftCard.objects.update(expires_at=timezone.now())
    else:
        settings.SECRET_KEY = "another" * 10
    with pytest.raises(NotFound if why == "other" else NotPossibleNow):
        show_gift_card(reward=reward, person=person)
    assert GiftCard.objects.get().first_shown_at is None
    assert not PayoutChange.objects.filter(field="gift_card").exists()


def test_a_card_whose_payout_is_not_settled_is_not_shown(runa):
    reward = bought(gift_card_program())
    Payout.objects.update(state="unknown")
    with pytest.raises(NotFound):
        show_gift_card(reward=reward, person=reward.person)


# Mails


def test_the_owner_hears_that_the_card_is_there_and_the_mail_holds_no_card(runa):
    reward = bought(gift_card_program())
    message = sent("gift_card_ready")
    link = show_gift_card(reward=reward, person=reward.person)
    assert (message.to, len(mails("gift_card_ready"))) == (["friend@example.com"], 1)
    for text in (message.body, message.alternatives[0].content):
        assert "/referrals/reward/" in text
        assert "£20.00" in text
        assert link not in text


def test_where_runa_mails_the_card_we_do_not(runa):
    reward = bought(gift_card_program(distribution="email"))
    assert (mails("gift_card_ready"), reward.state) == ([], RewardState.ISSUED)
    assert PayoutAttempt.objects.get().request["items"][0]["distribution_method"] == {
        "type": "EMAIL",
        "email_address": "friend@example.com",
    }


def test_a_mail_about_what_is_over_is_not_sent(runa):
    reward = earned(gift_card_program(order_at="claim"))
    claim_reward(reward=reward, person=reward.person)
    mail.outbox.clear()
    assert send_email(email_id=mails("reward_to_claim")[0].pk) is True
    assert mail.outbox == []


def test_a_reward_that_nobody_has_claimed_is_reminded_of_once(runa):
    earned(gift_card_program(order_at="claim", rule={"expires_days": 30}))
    start = timezone.now()
    told = []
    for days in (1, 15, 17, 18, 31):
        with time_machine.travel(start + timedelta(days=days)):
            told.append(remind_gift_cards())
    assert told == [0, 0, 1, 0, 0]
    assert len(mails("reward_to_claim")) == 2
    assert "Claim it by" in sent("reward_to_claim").body


def test_a_card_that_expires_is_reminded_of_once(runa):
    runa.settings(link_days=60)
    bought(gift_card_program())
    start = timezone.now()
    told = []
    for days in (1, 45, 47, 48, 61):
        with time_machine.travel(start + timedelta(days=days)):
            told.append(remind_gift_cards())
    assert told == [0, 0, 1, 0, 0]
    assert "It expires on" in sent("gift_card_expiring").body


# No secret anywhere


def test_the_link_is_in_no_log_attempt_audit_row_task_or_mail(runa, caplog):
    caplog.set_level(logging.DEBUG)
    runa.fault("drop_after_commit", path_prefix="/v2/order", method="POST", times=1)
    reward = earned(gift_card_program())
    payout = Payout.objects.get()
    assert send_payout(payout_id=payout.pk) == "unknown"
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert send_payout(payout_id=payout.pk) == "paid"
    link = show_gift_card(reward=reward, person=reward.person)
    for email in Email.objects.all():
        send_email(email_id=email.pk)
    places = [
        caplog.text,
        repr(list(PayoutAttempt.objects.values())),
        repr(list(Payout.objects.values())),
        repr(list(PayoutChange.objects.values())),
        repr(list(GiftCard.objects.values())),
        repr(list(reward.changes.values())),
        repr([task.task for task in OrmQ.objects.all()]),
        repr([m.message().as_string() for m in mail.outbox]),
        repr(reward.changes.all()),
    ]
    token = link.rsplit("/", 1)[1]
    assert len(token) > 20
    assert [place for place in places if token in place or runa.api_key in place] == []


# Keys


def test_a_new_key_takes_over_and_the_old_one_can_go(runa, settings):
    from cryptography.fernet import Fernet

    reward = bought(gift_card_program())
    link = show_gift_card(reward=reward, person=reward.person)
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "ENCRYPTION_KEYS": (Fernet.generate_key().decode(),)}
    out = io.StringIO()
    call_command("encrypt_gift_cards", stdout=out)
    settings.SECRET_KEY = "another" * 10
    assert show_gift_card(reward=reward, person=reward.person) == link
    assert out.getvalue() == "1 gift cards are under the newest key.\n"
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "ENCRYPTION_KEYS": ()}
    with pytest.raises(CommandError):
        call_command("encrypt_gift_cards")


# What comes late


def test_who_has_claimed_in_time_loses_nothing_by_waiting_for_a_run(runa):
    program = gift_card_program(order_at="claim", rule={"expires_days": 30})
    program.payout_mode = PayoutMode.RUNS
    program.save()
    reward = earned(program)
    assert claim_reward(reward=reward, person=reward.person)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert expire_rewards() == 0
    reward.refresh_from_db()
    assert (reward.state, reward.expires_at) == (RewardState.APPROVED, None)


def look_ups() -> list[str | None]:
    """What the look-ups say that are queued now."""
    queued = [row for row in OrmQ.objects.order_by("pk") if str(row.task["func"]).endswith(".read_back_payout")]
    OrmQ.objects.all().delete()
    return [read_back_payout(payout_id=row.task["args"][0]) for row in queued]


def test_a_card_that_a_person_has_settled_is_fetched_for_its_owner(runa, django_user_model):
    reward = earned(gift_card_program())
    payout = Payout.objects.get()
    runa.fault("drop_after_commit", path_prefix="/v2/order", times=1)
    assert send_payout(payout_id=payout.pk) == "unknown"
    staff = django_user_model.objects.create_user("staff")
    assert resolve_payout(payout=payout, paid=True, note="Seen in Runa’s portal", actor=staff)
    assert (GiftCard.objects.count(), mails("gift_card_ready")) == (0, [])
    runa.fault("drop_before", path_prefix="/v2/order", times=1)
    assert look_ups() == ["unknown"], "asked at once, and Runa is silent"
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert (fetch_gift_cards(), look_ups()) == (1, ["paid"])
        assert (fetch_gift_cards(), look_ups()) == (0, [])
    link = show_gift_card(reward=reward, person=reward.person)
    assert link.startswith(f"{runa.url}/spend/")
    assert (len(runa.payments()), len(mails("gift_card_ready"))) == (1, 1)
