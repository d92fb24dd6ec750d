"""A referrer's own account with a payment provider: how far it is, and never what is in it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from django.db.models import Count

from referral_blocks.payouts.account import PayoutAccount as AccountModel
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.referrers.models import Referrer
from referral_blocks.rewards.models import PendingReason, Reason, RewardState, Side
from referral_blocks.rewards.selectors import active_rules


@strawberry.enum(description="How far somebody’s account with a payment provider is.")
class PayoutAccountState(Enum):
    MISSING = strawberry.enum_value("missing", description="There is none yet.")
    ONBOARDING = strawberry.enum_value("onboarding", description="Details are missing.")
    READY = strawberry.enum_value("ready", description="They can be paid.")
    RESTRICTED = strawberry.enum_value("restricted", description="Stopped by the provider.")
    CLOSED = strawberry.enum_value("closed", description="Closed; connectPayoutAccount makes another.")


@strawberry.enum(description="What is missing before somebody can be paid.")
class PayoutAccountNeed(Enum):
    COUNTRY = strawberry.enum_value("country", description="Their country: give it to connectPayoutAccount.")
    DETAILS = strawberry.enum_value(
        "details", description="Their details, on the provider’s page to which connectPayoutAccount leads."
    )


@strawberry.type(description="An account with a payment provider. Numbers and documents are with the provider alone.")
class PayoutAccount:
    provider: str = strawberry.field(description="Names it in connectPayoutAccount.")
    label: str = strawberry.field(description="The provider’s name for people, in the language of the request.")
    state: PayoutAccountState = strawberry.field(description="How far it is.")
    missing: list[PayoutAccountNeed] = strawberry.field(
        description="What the referrer has to do before they can be paid; empty when it is ready."
    )
    rewards_waiting: int = strawberry.field(description="How many of their rewards wait for it in this programme.")
    checked_at: datetime | None = strawberry.field(description="When the provider was last asked; null: never yet.")


def accounts_of(referrer: Referrer) -> list[PayoutAccount]:
    """The accounts that the referrer has, or needs for what this programme pays them, by provider; three queries."""
    rows = {row.provider: row for row in AccountModel.objects.filter(person_id=referrer.person_id)}
    waits = PendingReason.objects.filter(
        reason=Reason.PAYOUT_DETAILS,
        reward__person_id=referrer.person_id,
        reward__program_id=referrer.program_id,
        reward__state=RewardState.PENDING,
    )
    waiting = dict(waits.order_by().values_list("reward__method").annotate(Count("pk")))
    rules = active_rules(program_id=referrer.program_id).filter(side=Side.REFERRER).order_by()
    used = set(rules.values_list("method", flat=True).distinct())
    names = sorted(name for name in {*rows, *waiting, *used} if needs_account(name))
    return [_account(name, rows.get(name), waiting.get(name, 0), referrer) for name in names]


def needs_account(provider: str) -> bool:
    """Whether people have to be known to this provider before it can pay them."""
    return is_registered(provider) and payout_provider(provider).capabilities.needs_account


def _account(name: str, row: AccountModel | None, waiting: int, referrer: Referrer) -> PayoutAccount:
    state = PayoutAccountState(row.state) if row else PayoutAccountState.MISSING
    missing = []
    if state is not PayoutAccountState.READY:
        if not (row and row.country) and not referrer.person.country:
            missing.append(PayoutAccountNeed.COUNTRY)
        missing.append(PayoutAccountNeed.DETAILS)
    return PayoutAccount(
        provider=name,
        label=str(payout_provider(name).label),
        state=state,
        missing=missing,
        rewards_waiting=waiting,
        checked_at=row.checked_at if row else None,
    )
