"""Where people are paid to."""
