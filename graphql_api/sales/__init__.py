"""Sales that the host’s own systems report."""
