"""What goes wrong with an expression: when it is compiled, and when it is evaluated."""

from __future__ import annotations


class ExpressionError(Exception):
    """An expression could not be evaluated: unknown variable, wrong type, a limit exceeded.

    `expression` is the whole text as the model has it, `message` what is wrong with it.
    """

    def __init__(self, expression: str, message: str) -> None:
        super().__init__(f"{message} (in expression: {_shortened(expression)})")
        self.expression = expression
        self.message = message


class ExpressionSyntaxError(Exception):
    """A text is not a valid expression; known when the model is deployed.

    `column` is the 1-based position of the offending character in the text (line ends count as one).
    """

    def __init__(self, expression: str, message: str, column: int) -> None:
        super().__init__(f"{message} (column {column} of expression: {_shortened(expression)})")
        self.expression = expression
        self.message = message
        self.column = column


class OperationError(Exception):
    """Raised by operators and methods, which do not know the text they belong to.

    A `HostObject` raises it as well. The compiled expression turns it into an `ExpressionError`.
    """


def _shortened(expression: str) -> str:
    return expression if len(expression) <= 200 else expression[:200] + "..."
