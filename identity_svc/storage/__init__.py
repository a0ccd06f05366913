"""The tables of the directory, and the statements on them."""
