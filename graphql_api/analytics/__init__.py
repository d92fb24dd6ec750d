"""Figures: the leaderboard that everybody may read."""
