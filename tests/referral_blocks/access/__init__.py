"""Tests of referral_blocks/access."""
