"""What a theme is, which one a Site uses, and the template names that follow from it."""
