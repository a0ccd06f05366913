"""FEEL as forms use it: text that begins with `=`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

SIGN: Final = "="


class TooCostly(Exception):
    """All the expressions of a form together take too long."""


class Budget:
    """The time that one pass over a form may take: each expression is bounded, and so are all of them.

    It counts the processor time of its thread: a busy machine makes no form too costly.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.thread_time() + seconds

    def check(self) -> None:
        """Raise `TooCostly` when the time is up."""
        if time.thread_time() > self._end:
            raise TooCostly


@dataclass(slots=True, frozen=True)
class Context:
    """What an expression sees."""

    variables: Mapping[str, Any]
    now: datetime
    budget: Budget


class Expression(Protocol):
    """A compiled expression."""

    @property
    def names(self) -> frozenset[str]:
        """The variables that it reads."""

    def evaluate(self, context: Context) -> Any:
        """Return the value as JSON; null where the data do not fit."""


class UnaryTests(Protocol):
    """A compiled condition."""

    @property
    def names(self) -> frozenset[str]:
        """The variables that it reads."""

    def holds(self, context: Context) -> bool:
        """Tell whether the condition is true; what is null is not."""


def is_expression(value: object) -> bool:
    """Tell whether a property's value is FEEL."""
    return isinstance(value, str) and value.startswith(SIGN)
