"""Work beside the calls."""
