"""People, as they describe themselves."""
