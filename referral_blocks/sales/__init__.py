"""Qualified sales, unique by programme, source and external id."""
