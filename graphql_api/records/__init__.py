"""What a site’s own systems read and do with an API key. One package, because its types name each other both ways."""
