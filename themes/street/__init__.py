"""Street: the friendly local trade."""
