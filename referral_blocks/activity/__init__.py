"""What has happened, as a feed that others follow: append-only, ids only, read by cursor."""
