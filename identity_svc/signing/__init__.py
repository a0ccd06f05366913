"""Keys and tokens: what is signed, with what, and secrets that only their hash is kept of."""
