"""Webhook endpoints and what was sent to them, as the site's own systems and staff see and rule them."""
