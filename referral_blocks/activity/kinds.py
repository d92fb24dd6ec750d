"""The names of what can happen. They are public – webhooks and subscriptions say them – so none is renamed."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What has happened to the subject; the part before the dot says what it happened to."""

    GROUP_COMPLETED = "group.completed"
    GROUP_EXPIRED = "group.expired"
    GROUP_JOINED = "group.joined"
    GROUP_LEFT = "group.left"
    GROUP_OPENED = "group.opened"
    LINK_CREATED = "link.created"
    PAYOUT_CANCELLED = "payout.cancelled"
    PAYOUT_CONFIRMED = "payout.confirmed"
    PAYOUT_FAILED = "payout.failed"
    PAYOUT_PAID = "payout.paid"
    PAYOUT_RETURNED = "payout.returned"
    PAYOUT_SENT = "payout.sent"
    POINTS_CHANGED = "points.changed"
    PROGRAM_CHANGED = "program.changed"
    REFERRAL_CAPTURED = "referral.captured"
    REFERRAL_EXPIRED = "referral.expired"
    REFERRAL_FLAGGED = "referral.flagged"
    REFERRAL_MOVED = "referral.moved"
    REFERRAL_NURTURED = "referral.nurtured"
    REFERRAL_QUALIFIED = "referral.qualified"
    REFERRAL_RETRACTED = "referral.retracted"
    REFERRAL_REVIEWED = "referral.reviewed"
    REFERRAL_UNQUALIFIED = "referral.unqualified"
    REFERRAL_WITHDRAWN = "referral.withdrawn"
    REFERRER_JOINED = "referrer.joined"
    REWARD_APPROVED = "reward.approved"
    REWARD_CHANGED = "reward.changed"
    REWARD_CLAWED_BACK = "reward.clawed_back"
    REWARD_CREATED = "reward.created"
    REWARD_EXPIRED = "reward.expired"
    REWARD_ISSUED = "reward.issued"
    REWARD_REDEEMED = "reward.redeemed"
    REWARD_RESERVED = "reward.reserved"
    REWARD_VOIDED = "reward.voided"
    SALE_RECORDED = "sale.recorded"
    SALE_REVERSED = "sale.reversed"
    VISITS_COUNTED = "visits.counted"


# What the checks think of a friend is for the site alone: the referrer is never told.
NOT_FOR_REFERRERS = frozenset({Kind.REFERRAL_FLAGGED, Kind.REFERRAL_REVIEWED})
