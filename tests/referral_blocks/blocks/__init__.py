"""Tests of referral_blocks/blocks."""
