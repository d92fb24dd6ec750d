"""Tests of referral_blocks/emails."""
