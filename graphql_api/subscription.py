"""What can be followed: each concept adds its subscriptions here."""

from __future__ import annotations

import strawberry

from .activity.subscriptions import ActivitySubscription
from .referrers.subscriptions import ReferrersSubscription


@strawberry.type(
    description="What is told as it happens, as server-sent events from this address with stream at its end. The first "
    "message comes at once."
)
class Subscription(ActivitySubscription, ReferrersSubscription):
    pass
