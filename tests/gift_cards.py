"""Rewards that are gift cards, bought at the Runa stand-in, made through the real flows."""

from __future__ import annotations

from typing import Any

from referral_blocks.flows.send_payout import send_payout
from referral_blocks.payouts.models import Payout
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import Reward, Side
from tests.make import make_program, make_referral

PATH = "referral_blocks.payouts.providers.runa.provider.RunaGiftCards"
MANUAL = "referral_blocks.payouts.providers.manual.provider.ManualProvider"
COUPON = "referral_blocks.payouts.providers.coupon.CouponProvider"
OPTIONS = {"product": "SBX-ANY-GB", "distribution": "link", "order_at": "approval"}


def use_runa(settings: Any, runa: Any, **more: Any) -> None:
    """The site buys at this stand-in under the method “runa”."""
    given = {"path": PATH, "options": {"api_key": runa.api_key, "base_url": runa.base_url}}
    providers = {"manual": MANUAL, "coupon": COUPON, "runa": given}
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "PAYOUT_PROVIDERS": providers, **more}


def gift_card_program(*, side: str = Side.FRIEND, rule: dict[str, Any] | None = None, **options: Any) -> Program:
    """A programme that gives a gift card of £20 for leaving one's details; the friend, who is no referrer, gets it."""
    given = {"side": side, "title": "Gift card", "amount_minor": 2000, "trigger": "sign_up", "method": "runa"}
    more = {"method_options": {**OPTIONS, **options}, "hold_days": 0, "approval": "automatic", **(rule or {})}
    return make_program(rules=({**given, **more},))


def earned(program: Program) -> Reward:
    make_referral(program)
    return Reward.objects.get()


def bought(program: Program) -> Reward:
    """A reward whose gift card is there."""
    reward = earned(program)
    assert send_payout(payout_id=Payout.objects.get().pk) == "paid"
    reward.refresh_from_db()
    return reward
