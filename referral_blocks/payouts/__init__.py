"""Moving value to people: payouts, attempts and the provider socket."""
