"""Tests of referral_blocks/theming."""
