"""Personal links and codes, and the visits that come through them."""
