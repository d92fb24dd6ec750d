"""Many rows of every kind at once, written in bulk, to count queries over 1, 10 and 100 of them."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from referral_blocks.fraud.models import RiskSignal
from referral_blocks.links.models import ReferralLink
from referral_blocks.payouts.models import Payout, PayoutItem
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.run import PayoutRun, RunState
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.programs.services import current_terms
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import PendingReason, Reward, RewardChange, RewardRule
from referral_blocks.sales.models import ImportState, Sale, SaleImport, SaleImportRow, SaleReversal


def many(program: Program, count: int) -> None:
    """``count`` referrers, each with a link, a friend, a sale that was half refunded, a reward, a payout, and a run."""
    terms, rule = current_terms(program=program), RewardRule.objects.filter(program=program).first()
    now = timezone.now()

    def people(side):
        addresses = [f"{side}{number}@example.com" for number in range(count)]
        return Person.objects.bulk_create(Person(email=a, email_key=a, mailbox_key=a, name="Kim") for a in addresses)

    referrers = Referrer.objects.bulk_create(
        Referrer(person=person, program=program, terms_version=terms) for person in people("r")
    )
    ReferralLink.objects.bulk_create(ReferralLink(referrer=r, code=f"MANY{r.pk}") for r in referrers)
    referrals = Referral.objects.bulk_create(
        Referral(
            program=program, referrer=referrer, friend=friend, terms_version=terms, attribution_method="code",
            credit_expires_at=now + timedelta(days=9), answers=[{"label": "How?", "text": "By mail"}],
        )
        for referrer, friend in zip(referrers, people("f"), strict=True)
    )  # fmt: skip
    RiskSignal.objects.bulk_create(
        RiskSignal(referral=r, check_name="name", severity="low", score=5, evidence="Odd", occasion="capture")
        for r in referrals
    )
    sales = Sale.objects.bulk_create(
        Sale(
            program=program, referral=r, source="api", external_id=f"M-{r.pk}", amount_minor=5000, currency="GBP",
            reversed_minor=2500, occurred_at=now,
        )
        for r in referrals
    )  # fmt: skip
    SaleReversal.objects.bulk_create(
        SaleReversal(sale=s, kind="refund", external_id="r", amount_minor=2500, occurred_at=now) for s in sales
    )
    rewards = Reward.objects.bulk_create(
        Reward(
            rule=rule, program=program, person=s.referral.referrer.person, referrer=s.referral.referrer,
            referral=s.referral, sale=s, trigger_key=f"many:{s.pk}", side="referrer", title="£20", amount_minor=2000,
            promised_minor=2000, currency="GBP", method="manual",
        )
        for s in sales
    )  # fmt: skip
    PendingReason.objects.bulk_create(PendingReason(reward=r, reason="approval") for r in rewards)
    RewardChange.objects.bulk_create(
        RewardChange(subject=r, field="state", from_state="", to_state="pending", reason="sale") for r in rewards
    )
    runs = PayoutRun.objects.bulk_create(
        PayoutRun(program=program, provider="manual", currency="GBP", cut_off_at=now, state=RunState.CONFIRMED)
        for _number in range(count)
    )
    payouts = Payout.objects.bulk_create(
        Payout(program=program, person=r.person, run=run, provider="manual", amount_minor=2000, currency="GBP")
        for r, run in zip(rewards, runs, strict=True)
    )
    PayoutItem.objects.bulk_create(PayoutItem(payout=p, reward=r) for p, r in zip(payouts, rewards, strict=True))
    Handover.objects.bulk_create(Handover(payout=p, idempotency_key=f"many-{p.pk}", title="Mug") for p in payouts)
    imports = SaleImport.objects.bulk_create(
        SaleImport(program=program, source="csv", name="May", content="", state=ImportState.DONE, total=1)
        for _number in range(count)
    )
    SaleImportRow.objects.bulk_create(
        SaleImportRow(sale_import=i, number=2, external_id="A", outcome="refused", code="invalid") for i in imports
    )


def clear() -> None:
    """Take them away again."""
    for model in (
        PayoutItem, Handover, Payout, PayoutRun, Reward, SaleReversal, Sale, SaleImport, RiskSignal, Referral, Referrer,
        Person,
    ):  # fmt: skip
        model.objects.all().delete()
