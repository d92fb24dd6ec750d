"""Subscriptions as server-sent events (GraphQL over SSE, distinct connections mode), served by an ASGI process."""
