"""Tests of referral_blocks/people."""
