"""The whole way through a real adapter to a stand-in that keeps its own books."""

import pytest
import stripe as sdk

from referral_blocks.flows.reconcile_payouts import reconcile_payouts
from referral_blocks.flows.reverse_payout import reverse_payout
from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.payouts.models import Payout
from tests.make import make_link, make_program, make_referral
from tests.paying import CASH, attempts, books_agree, later, state, sweep, work
from tests.reversals import reverse, sell
from tests.standins import running_stripe

pytestmark = pytest.mark.django_db


@pytest.fixture
def stripe(settings, monkeypatch):
    monkeypatch.setattr(sdk.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(sdk.HTTPClient, "MAX_DELAY", 0)
    with running_stripe() as running:
        options = {"api_key": running.api_key, "api_url": running.base_url, "country": "GB"}
        path = "referral_blocks.payouts.providers.stripe.transfers.StripeTransfers"
        providers = {"stripe": {"path": path, "options": options}}
        settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_PROVIDERS": providers}
        yield running


@pytest.fixture
def payout(stripe):
    """£20 for somebody whose account is ready."""
    program = make_program(rules=({**CASH, "method": "stripe"},))
    link = make_link(program)
    PayoutAccount.objects.create(
        person=link.referrer.person,
        provider="stripe",
        reference=stripe.active_account(),
        country="GB",
        state="ready",
    )
    make_referral(program, link=link)
    sell(program)
    return Payout.objects.get()


@pytest.mark.parametrize(
    ("kind", "tries"), [("drop_after_commit", ["paid"]), ("drop_before", ["failed_final", "paid"])]
)
def test_an_answer_lost_beyond_the_window_pays_once(payout, stripe, kind, tries):
    stripe.fault(kind, path_prefix="/v1/transfers", method="POST")
    work()
    assert (state(payout)[0], len(stripe.payments())) == ("unknown", int(kind == "drop_after_commit"))
    stripe.clear_faults()
    stripe.advance_clock(30 * 3600)  # the key is forgotten there
    with later(hours=30):
        sweep()
        assert len(stripe.payments()) == int(kind == "drop_after_commit")
    with later(hours=30, minutes=1):
        sweep()
    assert (state(payout), len(stripe.payments())) == (("paid", ""), 1)
    assert ([outcome for outcome, _tries in attempts(payout)], books_agree()) == (tries, True)


def test_a_refund_after_payout_is_taken_back_and_both_books_agree(payout, stripe, django_user_model):
    work()
    payout.refresh_from_db()
    reverse(amount="12.34", reversal_id="r-1")
    reverse(amount="27.66", reversal_id="r-2")
    staff = django_user_model.objects.create_user("staff")
    reverse_payout(payout=payout, note="Goods came back", actor=staff)
    work()
    payout.refresh_from_db()
    (paid,) = stripe.payments()
    assert (payout.reversed_minor, paid["amount_minor"], paid["reversed_minor"], books_agree()) == (
        800,
        2000,
        800,
        True,
    )
    report = reconcile_payouts(provider="stripe")
    assert (report.compared, report.error, list(report.differences.all())) == (1, "", [])
