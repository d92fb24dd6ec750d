"""Friends that a referrer brought."""
