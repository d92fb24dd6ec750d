"""Tests of referral_blocks."""
