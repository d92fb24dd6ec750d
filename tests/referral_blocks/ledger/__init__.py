"""Tests of referral_blocks/ledger."""
