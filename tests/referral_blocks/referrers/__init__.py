"""Tests of referral_blocks/referrers."""
