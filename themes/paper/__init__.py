"""Paper: an invitation set by hand, for makers and for those who are trusted with what matters."""
