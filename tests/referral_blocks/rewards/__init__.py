"""Tests of referral_blocks/rewards."""
