"""Programmes: what a visitor may read of them."""
