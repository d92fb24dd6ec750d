"""Payout providers: one plug per way to move value."""
