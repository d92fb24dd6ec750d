"""Migrations of the host site’s pages."""
