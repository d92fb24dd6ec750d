"""Friends that a referrer brought, and how far each has come."""
