"""Tests of referral_blocks/programs."""
