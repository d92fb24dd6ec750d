"""Tests of referral_blocks/sales."""
