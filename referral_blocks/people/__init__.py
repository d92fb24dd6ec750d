"""Humans, and the only home of personal data."""
