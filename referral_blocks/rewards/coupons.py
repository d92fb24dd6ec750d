"""Writes coupon codes."""

from __future__ import annotations

from collections.abc import Sequence

from .models import CouponCode, CouponList

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
