"""The demo: one command that migrates, loads, serves and works."""
