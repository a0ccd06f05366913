"""What goes wrong with an expression: when it is compiled, and when it is evaluated."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class FeelSyntaxError(Exception):
    """A text is not a valid expression.

    `column` is the 1-based position of the offending character in the text (line ends count as one).
    """

    def __init__(self, expression: str, message: str, column: int) -> None:
        super().__init__(f"{message} (column {column} of expression: {_shortened(expression)})")
        self.expression = expression
        self.message = message
        self.column = column


class WarningKind(enum.StrEnum):
    """Why a value is null."""

    NO_VARIABLE = "NO_VARIABLE"
    """A name stands for nothing."""
    NO_PROPERTY = "NO_PROPERTY"
    """A context has no such entry, or a value no such property."""
    NO_FUNCTION = "NO_FUNCTION"
    """What is called is no function."""
    INVALID_TYPE = "INVALID_TYPE"
    """An operator does not know values of these types."""
    INVALID_ARGUMENTS = "INVALID_ARGUMENTS"
    """A function can do nothing with these arguments."""
    INVALID_INPUT = "INVALID_INPUT"
    """The caller gave a value that FEEL does not have."""
    ASSERTION = "ASSERTION"
    """`assert` does not hold."""
    LIMIT = "LIMIT"
    """The evaluation took too many steps or went too deep, and ended; its value is null."""


@dataclass(slots=True, frozen=True)
class FeelWarning:
    """Something an evaluation could not do and gave null for."""

    kind: WarningKind
    message: str


class LimitExceeded(Exception):
    """Ends an evaluation that takes too much. Never leaves this package."""


def _shortened(expression: str) -> str:
    return expression if len(expression) <= 200 else expression[:200] + "..."
