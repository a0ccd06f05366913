"""One servicer for each proto service: mapping only."""
