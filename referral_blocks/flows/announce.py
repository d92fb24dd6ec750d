"""What a flow has done is told to the outside: a row of the feed and messages to webhook endpoints, in the flow's own
transaction, and the public signal once that is committed. What was rolled back was never told."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.dispatch import Signal

from referral_blocks import signals
from referral_blocks.activity.kinds import Kind
from referral_blocks.activity.models import Activity
from referral_blocks.activity.services import add_activity
from referral_blocks.groups.models import Group
from referral_blocks.links.models import ReferralLink
from referral_blocks.payouts.models import Payout
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale, SaleReversal
from referral_blocks.webhooks.endpoints.outbox import make_deliveries

# What the feed, webhooks and signals call each kind of subject.
NAMES: dict[type[Model], str] = {
    Group: "group",
    Payout: "payout",
    Program: "program",
    Referral: "referral",
    ReferralLink: "link",
    Referrer: "referrer",
    Reward: "reward",
    Sale: "sale",
    SaleReversal: "reversal",
}


def announce(
    kind: Kind, subject: Any, *, program: Program, referrer_id: int | None = None, signal: Signal | None = None
) -> Activity:
    """Tell that ``kind`` has happened to ``subject``; inside the transaction of the flow that did it. ``referrer_id``
    is whose standing it changes."""
    name = NAMES[type(subject)]
    activity = add_activity(
        kind=kind,
        site_id=program.site_id,
        program_id=program.pk,
        referrer_id=referrer_id,
        subject_type=name,
        subject=subject,
    )
    make_deliveries(
        site_id=program.site_id,
        kind=activity.kind,
        event_id=activity.public_id,
        subject=name,
        key=activity.subject_id,
        program=program.public_id,
        at=activity.occurred_at,
    )
    if signal is not None:
        signals.send_on_commit(signal, **{name: subject})
    return activity
