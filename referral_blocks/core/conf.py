"""The typed ``REFERRAL_BLOCKS`` setting: every choice of a host site with its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class Conf:
    """Defaults of every setting; a host overrides single keys of the ``REFERRAL_BLOCKS`` dictionary."""

    # alias → dotted path of a PayoutProvider subclass; the alias is what a reward rule stores
    PAYOUT_PROVIDERS: Mapping[str, str] = field(
        default_factory=lambda: {
            "manual": "referral_blocks.payouts.providers.manual.provider.ManualProvider",
            "points": "referral_blocks.payouts.providers.points.PointsProvider",
            "coupon": "referral_blocks.payouts.providers.coupon.CouponProvider",
        }
    )
    # alias → dotted path of a RewardKind subclass
    REWARD_KINDS: Mapping[str, str] = field(
        default_factory=lambda: {
            "fixed": "referral_blocks.rewards.rules.fixed.FixedReward",
            "percentage": "referral_blocks.rewards.rules.percentage.PercentageReward",
        }
    )
    # Where counters for rate limits live, as the `limits` library writes it: memory:// or redis://…
    RATE_LIMIT_STORAGE: str = "memory://"
    RATE_LIMITS_ENABLED: bool = True
    # How many proxies in front append to X-Forwarded-For; 0 means that REMOTE_ADDR is the visitor.
    TRUSTED_PROXIES: int = 0
    # Seconds: how long a sign-in link from a mail works, and how long a referrer stays signed in.
    SIGN_IN_LINK_SECONDS: int = 3 * 24 * 3600
    SIGN_IN_SECONDS: int = 30 * 24 * 3600


def get_conf() -> Conf:
    """The host's choices over the defaults; raises ImproperlyConfigured for a key that does not exist."""
    given: dict[str, Any] = getattr(settings, "REFERRAL_BLOCKS", {})
    known = {f.name for f in fields(Conf)}
    if unknown := sorted(set(given) - known):
        raise ImproperlyConfigured(
            f"REFERRAL_BLOCKS has no setting {', '.join(unknown)}. Known settings: {', '.join(sorted(known))}."
        )
    return Conf(**given)
