"""Tests of referral_blocks/flows."""
