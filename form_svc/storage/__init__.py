"""The tables of the form service, and the statements on them."""
