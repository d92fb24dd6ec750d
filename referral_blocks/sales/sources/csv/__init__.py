"""Sales from a table that a till or shop has saved as CSV."""
