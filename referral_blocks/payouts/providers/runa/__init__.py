"""Gift cards through Runa."""
