"""Tests of referral_blocks/webhooks/endpoints."""
