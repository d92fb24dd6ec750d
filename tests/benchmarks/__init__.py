"""Measurements: ratios of things measured side by side in one run; not part of the test run."""
