"""Plain HTTP: links, QR codes, forms, sign-in and health."""
