"""What every concept stands on: settings, money, codes, errors, tokens, states and the queue."""
