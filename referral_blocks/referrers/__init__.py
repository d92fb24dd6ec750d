"""People enrolled in a programme."""
