"""Fraud checks: one plug per pattern."""
