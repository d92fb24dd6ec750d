"""Mail to referrers and friends: composed once, sent through the queue."""
