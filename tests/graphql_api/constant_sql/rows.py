"""As many rows of every kind as wanted, for systems and for one referrer; written in bulk."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from referral_blocks.access.models import ApiKey
from referral_blocks.fraud.models import ReviewDecision
from referral_blocks.groups.models import Group, GroupMember, GroupOffer
from referral_blocks.ledger.models import LedgerEntry, LedgerLine, PointsLot
from referral_blocks.links.models import ReferralLink
from referral_blocks.payouts.models import Payout, PayoutChange
from referral_blocks.payouts.run import PayoutRun, PayoutRunChange
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.programs.services import current_terms
from referral_blocks.referrals.models import Referral, ReferralChange
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import PendingReason, Reward, RewardChange, RewardRule
from referral_blocks.sales.models import Sale
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint, WebhookEndpointChange
from tests.graphql_api.many import many

LINES = {"from_state": "", "to_state": "x", "reason": "test", "field": "state"}


def for_systems(program: Program, count: int) -> None:
    """``count`` of all that a key reads, each with what hangs on it."""
    many(program, count)
    now = timezone.now()
    RewardRule.objects.filter(program=program).update(limit_per_person=3)
    Referral.objects.update(stage="qualified", qualified_at=now)
    Referrer.objects.update(leaderboard_consent=True)
    ReviewDecision.objects.bulk_create(
        ReviewDecision(referral=r, side="both", decision="approve") for r in Referral.objects.all()
    )
    for model, change in ((Referral, ReferralChange), (Payout, PayoutChange), (PayoutRun, PayoutRunChange)):
        change.objects.bulk_create(change(subject=row, **LINES) for row in model.objects.all())
    Sale.objects.update(metadata={"shop": "Leeds"})
    # Not live: the site’s only live programme is what visitors see.
    Program.objects.bulk_create(
        Program(site_id=program.site_id, name="Older", slug=f"older-{n}", currency="GBP", status="paused")
        for n in range(count - 1)
    )
    ApiKey.objects.bulk_create(
        ApiKey(site_id=program.site_id, name="Spare", prefix="rb_x", key_hash=str(n), scopes=["sales:read"])
        for n in range(count - 1)
    )
    endpoints = WebhookEndpoint.objects.bulk_create(
        WebhookEndpoint(site_id=program.site_id, url="https://example.com/", secret=b"x", kinds=["sale.recorded"])
        for _n in range(count)
    )
    WebhookEndpointChange.objects.bulk_create(WebhookEndpointChange(subject=row, **LINES) for row in endpoints)
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(endpoint=row, message_id="m", kind="sale.recorded", body="{}", give_up_at=now)
        for row in endpoints
    )


def for_visitors(program: Program, count: int) -> None:
    """``count`` rules of each kind that anybody is told of."""
    for n in range(count):
        shown = {"program": program, "side": "referrer", "title": f"Gift {n}", "amount_minor": 100}
        RewardRule.objects.bulk_create(
            [
                RewardRule(**shown, trigger="sale", friend_from=n + 2),
                RewardRule(**shown, trigger="points", points_price=100 + n),
                RewardRule(**shown, trigger="period", rank_from=1, rank_to=n + 1),
                RewardRule(**shown, trigger="group"),
            ]
        )


def for_referrer(referrer: Referrer, count: int) -> None:
    """``count`` of all that one referrer sees of their own."""
    program, now = referrer.program, timezone.now()
    terms, rule = current_terms(program=program), RewardRule.objects.filter(program=program).first()
    owner = {"program": program, "person_id": referrer.person_id}
    friends = Person.objects.bulk_create(
        Person(email=f"o{n}@example.com", email_key=f"o{n}@example.com", mailbox_key=f"o{n}@example.com", name="Jo")
        for n in range(count)
    )
    referrals = Referral.objects.bulk_create(
        Referral(
            program=program, referrer=referrer, friend=friend, terms_version=terms, attribution_method="code",
            friend_name="Jo", credit_expires_at=now + timedelta(days=9),
        )
        for friend in friends
    )  # fmt: skip
    rewards = Reward.objects.bulk_create(
        Reward(
            **owner, rule=rule, referrer=referrer, referral=r, trigger_key=f"own:{r.pk}", side="referrer", title="£1",
            amount_minor=100, promised_minor=100, currency="GBP", method="manual",
        )
        for r in referrals
    )  # fmt: skip
    PendingReason.objects.bulk_create(PendingReason(reward=r, reason="approval") for r in rewards)
    RewardChange.objects.bulk_create(RewardChange(subject=r, **{**LINES, "to_state": "pending"}) for r in rewards)
    ReferralLink.objects.bulk_create(
        ReferralLink(referrer=referrer, code=f"OWN{n}", is_primary=False) for n in range(count - 1)
    )
    PointsLot.objects.bulk_create(PointsLot(**owner, key=f"own:{n}", points=5, left=5) for n in range(count))
    for currency in ("GBP", "PTS"):
        entries = LedgerEntry.objects.bulk_create(
            LedgerEntry(program=program, kind="reward_promised", key=f"{currency}{n}") for n in range(count)
        )
        LedgerLine.objects.bulk_create(
            LedgerLine(entry=e, account=account, person_id=referrer.person_id, amount_minor=amount, currency=currency)
            for e in entries
            for account, amount in (("reward_pending", -100), ("program_cost", 100))
        )
    offers = GroupOffer.objects.bulk_create(
        GroupOffer(program=program, title=f"Three {n}", size=3, hours=72) for n in range(count)
    )
    groups = Group.objects.bulk_create(
        Group(offer=offer, opener=referrer, size=3, deadline=now + timedelta(days=1)) for offer in offers
    )
    GroupMember.objects.bulk_create(
        GroupMember(group=g, offer=g.offer, referral=r, place=1) for g, r in zip(groups, referrals, strict=True)
    )
