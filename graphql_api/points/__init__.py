"""Points and statements: what the ledger says to whom it is about."""
