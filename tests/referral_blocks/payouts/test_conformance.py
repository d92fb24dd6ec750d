"""The providers of the house, and one of a test, do what every provider has to do; and the suite finds those that do
not."""

from __future__ import annotations

from dataclasses import replace
from unittest import SkipTest
from uuid import uuid4

import pytest

from referral_blocks.core.money import POINTS, Money
from referral_blocks.payouts.conformance import ProviderConformance
from referral_blocks.payouts.models import Payout
from referral_blocks.payouts.provider import Capabilities, Outcome, PayoutResult
from referral_blocks.payouts.providers.coupon import CouponProvider
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.providers.manual.provider import ManualProvider
from referral_blocks.payouts.providers.points import PointsProvider
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from tests.make import make_program
from tests.payout_fake import SECRET, FakeProvider, new_shop, signed


class TestPoints(ProviderConformance):
    amount = Money(50, POINTS)

    def make_provider(self):
        return PointsProvider()


class TestCoupon(ProviderConformance):
    amount = Money(1, "GBP")

    def make_provider(self):
        return CouponProvider()


@pytest.mark.django_db
class TestManual(ProviderConformance):
    amount = Money(2000, "GBP")

    def make_provider(self):
        return ManualProvider()

    def new_payout_id(self):
        program = Program.objects.first() or make_program()
        person = Person.objects.first() or Person.objects.create(email="robin@example.com", name="Robin")
        payout = Payout.objects.create(
            program=program, person=person, provider="manual", amount_minor=2000, currency="GBP"
        )
        return str(payout.public_id)

    def times_paid(self, payout_id):
        return Handover.objects.filter(payout__public_id=payout_id).count()


class FakeConformance(ProviderConformance):
    amount = Money(2500, "GBP")
    secrets = (SECRET,)

    def setup_method(self):
        self.shop = new_shop()

    def make_provider(self):
        return FakeProvider()

    def times_paid(self, payout_id):
        return self.shop.paid(payout_id)

    def lose_next_answer(self):
        self.shop.faults.append("drop")

    def refuse_next(self):
        self.shop.faults.append("final")

    def webhook(self, *, age):
        return signed({"id": "evt-1", "kind": "order.done", "ref": "fake-1"}, age=age)


class TestFake(FakeConformance):
    pass


class TestFakeWithAccounts(FakeConformance):
    def make_provider(self):
        return FakeProvider(needs_account=True)


class PaysTwice(FakeProvider):
    def send(self, request):
        return super().send(replace(request, idempotency_key=str(uuid4())))


class ListsTwice(FakeProvider):
    def sent_since(self, moment):
        return super().sent_since(moment) * 2


class Tells(FakeProvider):
    def send(self, request):
        return PayoutResult(Outcome.PAID, response={"signed_with": SECRET})


class BelievesAll(FakeProvider):
    def read_webhook(self, headers, body):
        return super().read_webhook(*signed({"id": "1", "kind": "x"}))


@pytest.mark.parametrize(
    ("provider", "check"),
    [
        (PaysTwice, "test_one_key_pays_once_whatever_happens"),
        (PaysTwice, "test_a_lost_answer_and_the_same_key_again_pay_once"),
        (ListsTwice, "test_the_list_has_what_was_sent_once"),
        (Tells, "test_answers_and_logs_hold_no_secret"),
        (BelievesAll, "test_a_message_is_believed_with_the_right_signature_only"),
        (BelievesAll, "test_an_old_message_is_not_believed"),
    ],
)
def test_the_suite_finds_a_provider_that_does_otherwise(provider, check):
    suite = type("Suite", (FakeConformance,), {"make_provider": lambda self: provider()})()
    suite.setup_method()
    with pytest.raises((AssertionError, ValueError)):
        getattr(suite, check)()


def test_what_a_provider_says_that_it_cannot_do_it_has_to_refuse():
    class Can(FakeProvider):
        def __init__(self):
            self.capabilities = Capabilities()

        def _can(self, capability):
            pass

    suite = type("Suite", (FakeConformance,), {"make_provider": lambda self: Can()})()
    suite.setup_method()
    with pytest.raises(AssertionError, match="raise NotSupported"):
        suite.test_it_supports_what_it_says_and_no_more()


def test_a_hook_that_is_not_given_skips_and_says_so():
    class Bare(ProviderConformance):
        amount = Money(1, "GBP")

        def make_provider(self):
            return CouponProvider()

    with pytest.raises(SkipTest, match="times_paid is not given"):
        Bare().test_one_key_pays_once_whatever_happens()
