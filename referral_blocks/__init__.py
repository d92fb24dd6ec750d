"""Referral Blocks: a referral-marketing platform that runs inside a Wagtail site."""

__version__ = "0.1.0"
