"""Append-only double entry of every reward's money."""
