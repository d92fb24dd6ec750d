"""StreamField blocks that any Wagtail page can use."""
