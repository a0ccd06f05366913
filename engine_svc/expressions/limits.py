"""Bounds that keep the cost of compiling and evaluating an expression small, whatever its author wrote."""

from __future__ import annotations

MAX_TEXT_LENGTH = 10_000
"""Characters of one expression text."""

MAX_DEPTH = 64
"""Parentheses, unary operators, ternaries, indexes and arguments inside one another."""

MAX_STRING_LENGTH = 1024 * 1024
"""Characters of a string that an expression produces."""

MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**63 - 1

MAX_NUMERAL_LENGTH = 400
"""Characters of a string that is still looked at as a number."""

MAX_COMPARISONS = 1_000_000
"""Comparisons of elements that one method may need."""
