"""Amounts, as every other package of the API shows them."""
