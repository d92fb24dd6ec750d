"""The host Wagtail site: runs the demo, shows a production set-up, and is not part of the wheel."""
