"""The site's public pages for a front-end of one's own: each block with a type of its own."""
