"""Settings of the host site; one setting lives in one file."""
