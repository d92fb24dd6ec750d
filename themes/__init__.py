"""Themes: tokens and template overrides, one small Django app each, no logic."""
