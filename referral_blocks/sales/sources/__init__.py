"""Where sales come from: one plug per source."""
