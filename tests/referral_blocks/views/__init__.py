"""Tests of referral_blocks/views."""
