"""Referrers: joining, signing in, and what they see of themselves."""
