"""The desks: staff approve rewards, end holds, decide about flagged friends and hand rewards over."""

import pytest
from django.urls import reverse

from referral_blocks.core.queue import waiting_count
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.review_referral import review_referral
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.ledger.selectors import unbalanced_entries
from referral_blocks.payouts.models import Payout, PayoutState
from referral_blocks.payouts.provider import Outcome, PayoutResult
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.rewards.models import PendingReason, Reward, RewardChange, RewardState
from referral_blocks.sales.models import Sale
from tests.make import make_link, make_program, make_referral
from tests.runs import providers

from .staff import make_staff, messages_of, staff_client

pytestmark = pytest.mark.django_db

REFERRERS_RULE = (
    {"side": "referrer", "title": "£20 gift", "amount_minor": 2000, "instructions": "Card in the drawer."},
)


def buy(referral):
    return record_sale(
        program=referral.program, source="api", external_id=f"A-{referral.pk}",
        friend_email=referral.friend.email, amount="149.00", currency="GBP",
    ).rewards  # fmt: skip


def make_reward(**rule):
    """The referrer's reward of a friend who has bought."""
    rules = ({**REFERRERS_RULE[0], **rule},)
    (reward,) = buy(make_referral(make_program(rules=rules)))
    return reward


def post(client, name, pk, **given):
    return client.post(reverse(name, args=[pk]), given, follow=True)


def reasons(reward):
    return set(PendingReason.objects.filter(reward=reward).values_list("reason", flat=True))


def test_the_reward_desk_says_why_and_until_when():
    make_reward()
    page = staff_client("approve_reward").get(reverse("referral_reward_desk:index"))
    html = page.content.decode()
    assert "The waiting time for returns is not over (until" in html
    assert "Waiting for our team to approve it" in html
    assert "Robin Example" in html
    assert "£20.00" in html


def test_the_desk_offers_only_the_steps_that_the_user_may_take():
    reward = make_reward()
    html = staff_client("release_hold").get(reverse("referral_reward_desk:index")).content.decode()
    assert reverse("referral_reward_desk:release", args=[reward.pk]) in html
    assert reverse("referral_reward_desk:approve", args=[reward.pk]) not in html


def test_approving_is_confirmed_first_and_then_noted_with_its_actor():
    reward = make_reward()
    client = staff_client("approve_reward")
    page = client.get(reverse("referral_reward_desk:approve", args=[reward.pk]))
    assert page.status_code == 200
    assert reasons(reward) == {"hold", "approval"}
    page = post(client, "referral_reward_desk:approve", reward.pk)
    said = messages_of(page)[0]
    assert said.startswith(
        "“£20 gift” for Robin Example was approved. It still waits: The waiting time for returns is not over (until"
    )
    assert reasons(reward) == {"hold"}
    change = RewardChange.objects.get(subject=reward)
    assert (change.from_state, change.reason, change.actor.username) == ("approval", "person", "sam")


def test_approving_the_last_reason_queues_the_payout_once():
    reward = make_reward(hold_days=0)
    client = staff_client("approve_reward")
    queued = waiting_count()
    page = post(client, "referral_reward_desk:approve", reward.pk)
    assert messages_of(page) == ["“£20 gift” for Robin Example was approved. It is on its way."]
    page = post(client, "referral_reward_desk:approve", reward.pk)
    assert messages_of(page) == ["This reward was approved before. Nothing has changed."]
    assert Reward.objects.get().state == RewardState.RESERVED
    assert (Payout.objects.count(), waiting_count() - queued) == (1, 1)
    page = client.get(reverse("referral_reward_desk:approve", args=[reward.pk]), follow=True)
    assert messages_of(page) == ["This reward was approved before. Nothing has changed."]


@pytest.mark.parametrize(
    ("mode", "options", "said"),
    [
        ("runs", {}, "It goes out with the next payout run."),
        ("at_once", {"order_at": "claim"}, "It is sent once its owner has asked for it."),
        ("at_once", {}, "It is on its way."),
    ],
)
def test_what_is_approved_says_when_it_goes_out(settings, mode, options, said):
    settings.REFERRAL_BLOCKS = providers()
    rule = {**REFERRERS_RULE[0], "hold_days": 0, "method": "shop"}
    (reward,) = buy(make_referral(make_program(rules=(rule,), payout_mode=mode)))
    Reward.objects.update(method_options=options)
    page = post(staff_client("approve_reward"), "referral_reward_desk:approve", reward.pk)
    assert messages_of(page) == [f"“£20 gift” for Robin Example was approved. {said}"]


def test_ending_the_hold_needs_a_note():
    reward = make_reward(approval="automatic")
    client = staff_client("release_hold")
    page = post(client, "referral_reward_desk:release", reward.pk, note=" ")
    assert page.context["form"].errors == {"note": ["This field is required."]}
    page = post(client, "referral_reward_desk:release", reward.pk, note="x" * 501)
    assert page.context["form"].errors == {"note": ["Use at most 500 characters."]}
    assert page.context["form"]["note"].value() == "x" * 501
    assert reasons(reward) == {"hold"}
    assert not RewardChange.objects.exists()


def test_the_hold_ends_early_and_the_note_stays():
    reward = make_reward(approval="automatic")
    client = staff_client("release_hold")
    page = post(client, "referral_reward_desk:release", reward.pk, note="Known customer")
    assert messages_of(page) == ["The hold of “£20 gift” for Robin Example is over. It is on its way."]
    assert RewardChange.objects.get(field="reason").note == "Known customer"
    page = post(client, "referral_reward_desk:release", reward.pk, note="Again")
    assert messages_of(page) == ["This reward’s hold is over already. Nothing has changed."]
    assert Payout.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("referral_reward_desk:approve", "release_hold"),
        ("referral_reward_desk:release", "approve_reward"),
        ("referral_reward_desk:approve", "view_reward"),
    ],
)
def test_a_step_asks_for_its_own_right(name, right):
    reward = make_reward()
    client = staff_client(right)
    assert post(client, name, reward.pk, note="x").status_code == 403
    assert client.get(reverse(name, args=[reward.pk])).status_code == 403
    assert reasons(reward) == {"hold", "approval"}


def flagged_referral():
    """Somebody who used their own link under another spelling of their address, and bought."""
    program = make_program(rules=REFERRERS_RULE)
    referral = make_referral(program, email="robin+2@example.com", link=make_link(program, email="robin@example.com"))
    assert referral.review == Review.FLAGGED
    (reward,) = buy(referral)
    return referral, reward


def test_the_review_desk_says_why_a_friend_was_flagged():
    flagged_referral()
    html = staff_client("review_referral").get(reverse("referral_review_desk:index")).content.decode()
    assert "The friend and the referrer share a mailbox" in html


@pytest.mark.parametrize(
    ("decision", "review", "state", "said"),
    [
        ("approve", Review.APPROVED, RewardState.PENDING, "“Kim Example” was reviewed: fine."),
        ("block", Review.BLOCKED, RewardState.VOID, "“Kim Example” was blocked."),
    ],
)
def test_a_decision_is_made_once(decision, review, state, said):
    referral, reward = flagged_referral()
    client = staff_client("review_referral")
    page = post(client, "referral_review_desk:decide", referral.pk, decision=decision, note="Called them")
    assert messages_of(page) == [said]
    assert Referral.objects.get().review == review
    assert Reward.objects.get(pk=reward.pk).state == state
    assert referral.changes.last().note == "Called them"
    page = post(client, "referral_review_desk:decide", referral.pk, decision=decision, note="Again")
    assert messages_of(page) == ["“Kim Example” was decided so before. Nothing has changed."]
    assert referral.changes.filter(field="review").count() == 2
    assert unbalanced_entries() == []


def test_a_decision_is_not_turned_round():
    referral, reward = flagged_referral()
    review_referral(referral=referral, approve=False, note="Fraud", actor=make_staff(username="boss"))
    client = staff_client("review_referral")
    page = post(client, "referral_review_desk:decide", referral.pk, decision="approve", note="Please")
    assert page.context["form"].errors == {
        "__all__": ["This is “Reviewed: blocked” and cannot become “Reviewed: fine”."]
    }
    assert Referral.objects.get().review == Review.BLOCKED
    assert Reward.objects.get(pk=reward.pk).state == RewardState.VOID


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"note": "x"}, {"decision": ["This field is required."]}),
        ({"decision": "approve"}, {"note": ["This field is required."]}),
        (
            {"decision": "maybe", "note": "x"},
            {"decision": ["Select a valid choice. maybe is not one of the available choices."]},
        ),
    ],
)
def test_a_decision_is_complete_or_refused(given, errors):
    referral, _reward = flagged_referral()
    page = post(staff_client("review_referral"), "referral_review_desk:decide", referral.pk, **given)
    assert page.context["form"].errors == errors
    assert Referral.objects.get().review == Review.FLAGGED


def test_only_reviewers_decide():
    referral, _reward = flagged_referral()
    page = post(
        staff_client("approve_reward"), "referral_review_desk:decide", referral.pk, decision="approve", note="x"
    )
    assert page.status_code == 403
    assert Referral.objects.get().review == Review.FLAGGED


def test_a_cancelled_reward_cannot_be_approved():
    referral, reward = flagged_referral()
    review_referral(referral=referral, approve=False, note="Fraud", actor=make_staff(username="boss"))
    client = staff_client("approve_reward")
    page = post(client, "referral_reward_desk:approve", reward.pk)
    assert page.context["form"].errors == {"__all__": ["This reward was cancelled."]}
    page = client.get(reverse("referral_reward_desk:approve", args=[reward.pk]), follow=True)
    assert messages_of(page) == ["This reward was cancelled."]
    assert Reward.objects.get(pk=reward.pk).state == RewardState.VOID


def open_handover():
    make_reward(hold_days=0, approval="automatic")
    send_payout(payout_id=Payout.objects.get().pk)
    return Handover.objects.get()


def test_the_handover_desk_says_what_to_whom_and_how():
    open_handover()
    html = staff_client("mark_handed_over").get(reverse("referral_handover_desk:index")).content.decode()
    for said in ("£20 gift", "Robin Example", "referrer@example.com", "Card in the drawer.", "Bring a neighbour"):
        assert said in html


def test_a_handover_is_marked_once_with_its_actor_and_note():
    handover = open_handover()
    client = staff_client("mark_handed_over")
    page = post(client, "referral_handover_desk:done", handover.pk, note="At the counter")
    assert messages_of(page) == ["“£20 gift” is marked as handed over to Robin Example."]
    page = post(client, "referral_handover_desk:done", handover.pk, note="Again")
    assert messages_of(page) == ["“£20 gift” was marked as handed over before. Nothing has changed."]
    handover.refresh_from_db()
    assert (handover.handed_over_by.username, handover.note) == ("sam", "At the counter")
    assert Payout.objects.get().state == PayoutState.PAID
    assert Reward.objects.get().state == RewardState.ISSUED
    assert "£20 gift" not in client.get(reverse("referral_handover_desk:results")).content.decode()
    done = client.get(reverse("referral_handover_desk:index"), {"state": "done"}).content.decode()
    for said in ("£20 gift", "sam", "At the counter"):
        assert said in done


def test_a_note_that_is_too_long_marks_nothing():
    handover = open_handover()
    page = post(staff_client("mark_handed_over"), "referral_handover_desk:done", handover.pk, note="x" * 501)
    assert page.context["form"].errors == {"note": ["Use at most 500 characters."]}
    handover.refresh_from_db()
    assert handover.handed_over_at is None


def test_only_holders_of_the_right_mark_a_handover():
    handover = open_handover()
    client = staff_client("view_handover")
    html = client.get(reverse("referral_handover_desk:index")).content.decode()
    assert reverse("referral_handover_desk:done", args=[handover.pk]) not in html
    assert post(client, "referral_handover_desk:done", handover.pk).status_code == 403
    handover.refresh_from_db()
    assert handover.handed_over_at is None


def test_a_step_without_the_csrf_token_does_nothing():
    handover = open_handover()
    client = staff_client("mark_handed_over")
    client.handler.enforce_csrf_checks = True
    assert post(client, "referral_handover_desk:done", handover.pk).status_code == 403
    handover.refresh_from_db()
    assert handover.handed_over_at is None


def test_the_handover_desk_says_why_something_is_not_to_be_handed_over():
    handover = open_handover()
    sale = Sale.objects.get()
    reverse_sale(program=sale.program, source="api", external_id=sale.external_id, reversal_id="r-1", kind="refund")
    client = staff_client("mark_handed_over")
    html = client.get(reverse("referral_handover_desk:index")).content.decode()
    refusal = "Do not hand it over: the purchase was refunded in full, so the reward is taken back."
    assert refusal in html
    assert reverse("referral_handover_desk:done", args=[handover.pk]) not in html
    page = post(client, "referral_handover_desk:done", handover.pk, note="x")
    assert page.context["form"].errors == {"__all__": [refusal]}
    handover.refresh_from_db()
    assert handover.handed_over_at is None


def test_a_reward_that_could_not_be_sent_is_sent_again_from_the_desk(monkeypatch):
    reward = make_reward(hold_days=0, approval="automatic")
    monkeypatch.setattr(ManualProvider, "send", lambda self, request: PayoutResult(Outcome.FAILED_FINAL))
    send_payout(payout_id=Payout.objects.get().pk)
    client = staff_client("approve_reward")
    html = client.get(reverse("referral_reward_desk:index")).content.decode()
    for said in ("Sending it did not work; our team is on it", "Send it again"):
        assert said in html
    page = post(client, "referral_reward_desk:approve", reward.pk)
    assert page.status_code == 200
    assert sorted(Payout.objects.values_list("state", flat=True)) == ["confirmed", "failed_final"]
    assert Reward.objects.get(pk=reward.pk).state == RewardState.RESERVED
