"""Concrete pages of the host site: a mixin of the plugin and a Wagtail page each."""
