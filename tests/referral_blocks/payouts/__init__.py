"""Tests of referral_blocks/payouts."""
