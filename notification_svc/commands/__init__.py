"""What callers change."""
