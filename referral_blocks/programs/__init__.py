"""Referral programmes: one offer with dates, terms and attribution windows on one Wagtail Site."""
