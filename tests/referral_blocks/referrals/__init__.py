"""Tests of referral_blocks/referrals."""
