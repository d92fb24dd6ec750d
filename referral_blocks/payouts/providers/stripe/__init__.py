"""Cash, account credit and promotion codes through Stripe."""
