"""Group deals: everyone is rewarded when enough friends buy in time, or nobody is."""
