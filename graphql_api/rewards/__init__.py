"""What is promised to each side, and what is owed."""
