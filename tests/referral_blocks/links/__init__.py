"""Tests of referral_blocks/links."""
