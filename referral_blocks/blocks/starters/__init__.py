"""Starters: one plug per kind of programme that an owner begins from."""
