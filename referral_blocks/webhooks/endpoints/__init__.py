"""What this site tells other systems: their endpoints, the outbox of messages, and how one is signed and sent."""
