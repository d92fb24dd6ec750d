"""Tests of referral_blocks/core."""
