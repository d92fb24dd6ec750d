"""Writes coupon codes."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from .models import CouponCode, CouponList, Reward

BATCH = 1000


def add_codes(*, coupon_list: CouponList, codes: Sequence[str]) -> int:
    """Add the codes that the list does not know, in their order; returns how many were new.

    Codes that are known are left as they are, given out or not; the unique key decides between two imports at once.
    """
    added = 0
    for start in range(0, len(codes), BATCH):
        batch = codes[start : start + BATCH]
        known = set(CouponCode.objects.filter(coupon_list=coupon_list, code__in=batch).values_list("code", flat=True))
        new = [CouponCode(coupon_list=coupon_list, code=code) for code in batch if code not in known]
        CouponCode.objects.bulk_create(new, ignore_conflicts=True)
        added += len(new)
    return added


def coupon_list_named(*, program_id: int, name: str) -> CouponList:
    """The programme's list of this name, made on first need."""
    lists = CouponList.objects.filter(program_id=program_id, name=name).order_by("pk")
    return lists.first() or CouponList.objects.create(program_id=program_id, name=name)


def keep_made_code(*, reward: Reward, list_name: str, code: str) -> None:
    """Keep a code that somebody else has made for this reward alone, in a list of the programme that only shows where
    it is from; the same again changes nothing."""
    with transaction.atomic():
        lists = CouponList.objects.filter(program_id=reward.program_id, name=list_name).order_by("pk")
        coupon_list = lists.first() or CouponList.objects.create(
            program_id=reward.program_id, name=list_name, low_stock_at=0
        )
        CouponCode.objects.update_or_create(
            reward=reward,
            defaults={"code": code},
            create_defaults={"code": code, "coupon_list": coupon_list, "assigned_at": timezone.now()},
        )
