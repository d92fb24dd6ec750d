"""Group deals: what everybody may read of a group, and joining it."""
