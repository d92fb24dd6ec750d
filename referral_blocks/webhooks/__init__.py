"""Events that the site sends to, and receives from, other systems."""
