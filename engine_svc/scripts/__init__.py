"""Scripts of process models: which languages there are, and how they run."""
