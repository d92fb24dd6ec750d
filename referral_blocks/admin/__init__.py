"""Wagtail admin: one viewset file per concept, reports and the desk of rewards."""
