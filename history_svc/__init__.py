"""The history service: what happened, built from the event stream alone."""
