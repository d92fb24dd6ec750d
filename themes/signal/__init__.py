"""Signal: the crisp product look, for software and services."""
