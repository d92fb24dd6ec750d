"""Kinds of reward rule: one plug per way to work out an amount."""
