"""Figures for reports: reads only."""
