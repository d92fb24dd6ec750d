"""Many at once, with real threads and real connections, on whichever database the run uses."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from referral_blocks.flows.approve_reward import approve_reward
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.join_program import join_program
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.send_payout import send_payout
from referral_blocks.ledger.selectors import unbalanced_entries
from referral_blocks.links.models import ReferralLink
from referral_blocks.payouts.models import Payout, PayoutAttempt
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.sweeper import requeue_due_payouts
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale
from tests.at_once import at_once as start_at_once
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 12
at_once = partial(start_at_once, threads=THREADS)


def test_many_joins_with_one_address_make_one_referrer():
    program = make_program()
    results = at_once(
        lambda n: join_program(program=program, email="ana@example.com", name=f"Ana {n}", accept_terms=True),
        threads=20,
    )
    assert len({r.link.code for r in results}) == 1
    assert [r.created for r in results].count(True) == 1
    assert (Referrer.objects.count(), ReferralLink.objects.count()) == (1, 1)


def test_many_presses_of_the_friends_button_make_one_referral():
    program = make_program()
    code = make_link(program).code
    at_once(
        lambda n: capture_referral(program=program, email="kim@example.com", name="Kim", accept_terms=True, code=code)
    )
    assert Referral.objects.count() == 1


def test_many_deliveries_of_one_sale_make_one_sale_and_one_reward_a_side():
    program = make_referral(make_program()).program
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com", "amount": "10"}
    results = at_once(lambda n: record_sale(program=program, currency="GBP", **sale), threads=50)
    assert [r.created for r in results].count(True) == 1
    assert (Sale.objects.count(), Reward.objects.count()) == (1, 2)


def test_many_sales_of_one_friend_at_once_earn_one_reward_a_side():
    program = make_referral(make_program()).program
    sale = {"source": "api", "friend_email": "friend@example.com", "amount": "10", "currency": "GBP"}
    at_once(lambda n: record_sale(program=program, external_id=str(n), **sale))
    assert (Sale.objects.count(), Reward.objects.count()) == (THREADS, 2)
    assert unbalanced_entries() == []


def test_many_presses_of_approve_make_one_payout():
    rules = ({"side": "referrer", "title": "Gift", "amount_minor": 100, "hold_days": 0},)
    program = make_referral(make_program(rules=rules)).program
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com", "amount": "10"}
    pk = record_sale(program=program, currency="GBP", **sale).rewards[0].pk
    staff = get_user_model().objects.create_user("staff")
    results = at_once(lambda n: approve_reward(reward=Reward.objects.get(pk=pk), actor=staff))
    assert results.count(True) == 1
    assert (Payout.objects.count(), unbalanced_entries()) == (1, [])


def test_many_sweepers_queue_a_payout_once():
    rules = ({"side": "referrer", "title": "Gift", "amount_minor": 100, "hold_days": 0, "approval": "automatic"},)
    program = make_referral(make_program(rules=rules)).program
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com", "amount": "10"}
    record_sale(program=program, currency="GBP", **sale)
    Payout.objects.update(next_try_at=timezone.now() - timedelta(minutes=1))
    results = at_once(lambda n: requeue_due_payouts(send="none", look_up="none", limit=10))
    assert sorted(results) == [0] * (THREADS - 1) + [1]


def test_many_workers_with_one_payout_send_it_once():
    rules = ({"side": "referrer", "title": "Gift", "amount_minor": 100, "hold_days": 0, "approval": "automatic"},)
    program = make_referral(make_program(rules=rules)).program
    sale = {"source": "api", "external_id": "1", "friend_email": "friend@example.com", "amount": "10"}
    record_sale(program=program, currency="GBP", **sale)
    pk = Payout.objects.get().pk
    results = at_once(lambda n: send_payout(payout_id=pk))
    assert results.count("accepted") == 1
    assert (Handover.objects.count(), PayoutAttempt.objects.count()) == (1, 1)
