"""API keys, as the systems that hold them see and rule them."""
