"""Figures for reports and for the referrer: reads only."""
