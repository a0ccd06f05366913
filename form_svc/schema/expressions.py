"""FEEL as forms use it: text that begins with `=`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

SIGN: Final = "="


@dataclass(slots=True, frozen=True)
class Context:
    """What an expression sees."""

    variables: Mapping[str, Any]
    now: datetime


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
