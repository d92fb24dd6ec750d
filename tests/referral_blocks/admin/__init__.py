"""Tests of referral_blocks/admin."""
