"""Reward rules (promises) and rewards (what is owed)."""
