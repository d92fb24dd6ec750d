"""Tests of referral_blocks/analytics."""
