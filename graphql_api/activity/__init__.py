"""What has happened: as a list to poll, and as subscriptions."""
