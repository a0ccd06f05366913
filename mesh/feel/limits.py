"""Bounds that keep the cost of compiling and evaluating an expression small, whatever its author wrote."""

from __future__ import annotations

MAX_TEXT_LENGTH = 10_000
"""Characters of one expression text."""

MAX_KEPT_LENGTH = 500
"""Characters of an expression that is kept when it is compiled, for the next who asks for it."""

KEPT_EXPRESSIONS = 1000
"""Compiled expressions that are kept, and as many unary tests."""

MAX_DEPTH = 64
"""Parentheses, operators, conditions, filters and arguments inside one another."""

MAX_STEPS = 250_000
"""Steps of one evaluation. A step is a node of the expression that is evaluated in a loop or in a function, an element
of a list that a function looks at, or some characters of a string that is made."""

MAX_CALL_DEPTH = 100
"""Functions of the expression that call one another, or themselves."""

MAX_LIST_LENGTH = 100_000
"""Elements of a list that a range is expanded to, or that a function makes."""

MAX_STRING_LENGTH = 1024 * 1024
"""Characters of a string that an expression produces."""

MAX_NUMERAL_LENGTH = 400
"""Characters of a string that is still looked at as a number, a date or a duration."""

MAX_PATTERN_LENGTH = 1_000
"""Characters of a regular expression."""

MAX_PATTERN_MEMORY = 1024 * 1024
"""Bytes that the automaton of one regular expression may take."""

MAX_WARNINGS = 50
"""Warnings of one evaluation that are kept."""

MAX_JSON_DEPTH = 100
"""Levels of a JSON text that `from json` reads, and of a value that a caller gets."""

STEPS_OF_LOGARITHM = 100
"""Steps that a logarithm takes, or a power with an exponent that is not whole."""

STEPS_OF_PATTERN = 50
"""Steps that the use of a regular expression takes, besides those for the text."""

CHARACTERS_PER_STEP = 32
"""Characters of a string that cost as much as one node."""
