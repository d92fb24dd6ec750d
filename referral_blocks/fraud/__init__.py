"""Checks that find suspicious referrals, with their evidence."""
