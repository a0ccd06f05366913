"""What a compiled expression is, and what it may see."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from engine_svc.expressions.errors import OperationError


class VariableReader(Protocol):
    """What an expression may see while it is evaluated.

    A reader that knows them has two attributes more: `now_micros`, the time in microseconds since the Unix epoch, for
    `now()` and `dateTime()`; and `user`, who gives the command, for `currentUser()`.
    """

    def lookup(self, name: str) -> Any:
        """Return the variable or bean `name`, visible from here; raise `KeyError` where there is none.

        A value is a JSON value (None, bool, int, float, str, list, dict) or a `HostObject`. Expressions
        never change a value, and may return the very object they were given.
        """


Evaluate = Callable[[VariableReader], Any]
"""A compiled expression. Returns a JSON value (None, bool, int, float, str, list, dict); raises
`engine_svc.expressions.errors.ExpressionError`."""


class HostObject(abc.ABC):
    """An engine object that expressions may use, such as `execution`.

    Only what the two tables name can be reached; Python attributes never are. What members and methods
    return is again a JSON value or a `HostObject`. They report a problem that the author of the model can
    mend by raising `OperationError`.
    """

    __slots__ = ()

    @property
    @abc.abstractmethod
    def members(self) -> Mapping[str, Callable[[], Any]]:
        """Property name -> function that returns its value: `execution.processInstanceId`.

        `execution.getProcessInstanceId()` reads the same member, as a JavaBean getter would.
        """

    @property
    @abc.abstractmethod
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """Method name -> function called with the evaluated arguments: `execution.getVariable('x')`.

        The arguments are JSON values.
        """

    def value(self) -> Any:
        """Return the JSON value that stands for the object. Raises `OperationError` where there is none."""
        raise OperationError("an engine object is not a value; name one of its properties or methods")


class Constant:
    """A compiled expression that gives the same value always."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, reader: VariableReader) -> Any:
        """Return the value, whatever can be read."""
        return self.value

    def __repr__(self) -> str:
        return f"Constant({self.value!r})"


def constant(value: Any) -> Constant:
    """Return an expression that gives `value` always."""
    return Constant(value)


def is_constant(evaluate: Evaluate) -> bool:
    """Tell whether `evaluate` gives the same value always (a text without expression, or a literal)."""
    return isinstance(evaluate, Constant)
