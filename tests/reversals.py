"""Sells, reverses and pays for tests of reversals, and says what became of it."""

from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.reverse_sale import reverse_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.ledger.selectors import balances, unbalanced_entries
from referral_blocks.payouts.attempts import claim_attempt
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.programs.models import Program
from referral_blocks.referrers.models import ReferrerStanding
from referral_blocks.rewards.models import Reward
from tests.make import make_program, make_referral

GIFT = {"side": "referrer", "title": "Gift", "amount_minor": 2000}
AT_ONCE = {**GIFT, "hold_days": 0, "approval": "automatic", "sale_to": None}
POINTS = {**AT_ONCE, "title": "Points", "method": "points", "amount_minor": 50, "currency": "PTS"}


def sold(rule=GIFT, amount="100", **fields) -> Reward:
    referral = make_referral(make_program(rules=(rule,), **fields))
    return sell(referral.program, amount=amount)


def sell(program, number=1, amount="100") -> Reward:
    sale = {"source": "api", "external_id": f"order-{number}", "friend_email": "friend@example.com"}
    return record_sale(program=program, amount=amount, currency=program.currency, **sale).rewards[0]


def reverse(kind="refund", amount=None, reversal_id="r-1", order="order-1", program=None, **given):
    program = program or Program.objects.get()
    ids = {"source": "api", "external_id": order, "reversal_id": reversal_id}
    return reverse_sale(program=program, kind=kind, amount=amount, **{**ids, **given})


def pay(reward):
    send_payout(payout_id=Payout.objects.get(items__reward=reward, items__released=False).pk)
    reward.refresh_from_db()


def fresh(reward):
    reward.refresh_from_db()
    return reward.state, reward.amount_minor, reward.clawed_minor


def accounts():
    """What is on the accounts now; every entry balances, or the test fails here."""
    assert unbalanced_entries() == []
    return {account: total for (account, _c), total in balances(program_id=Program.objects.get().pk).items() if total}


def standing():
    return ReferrerStanding.objects.values_list("qualified", "pending_minor", "earned_minor").get()


def begin_to_send() -> None:
    """A task has claimed the only open payout and died: what it asked for may be on its way."""
    assert claim_attempt(payout=Payout.objects.get(state="confirmed")) is not None
    PayoutAttempt.objects.update(leased_until=None)
