"""The links that referrers share."""
