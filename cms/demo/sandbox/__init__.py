"""Loopback stand-ins of the payment providers, which the real adapters talk to."""
