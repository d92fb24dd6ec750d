"""One file per verb that a user would name; the only place where several concepts meet."""
