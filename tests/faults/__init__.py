"""Faults done to a whole distributed mesh under traffic, and a checker that knows what was acknowledged."""
