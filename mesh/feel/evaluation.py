"""What an evaluation carries along: variables, the steps that are left, warnings, the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, DecimalException
from typing import Any

from mesh.feel.decimals import DECIMAL128, DIGITS, from_float, number, whole
from mesh.feel.errors import FeelWarning, LimitExceeded, WarningKind
from mesh.feel.limits import (
    CHARACTERS_PER_STEP,
    MAX_LIST_LENGTH,
    MAX_STEPS,
    MAX_STRING_LENGTH,
    MAX_WARNINGS,
)
from mesh.feel.values import SCALARS, Function, Range, YearsMonths


class Scope:
    """Names and their values. Where a name is not there it is looked for in `outer`."""

    __slots__ = ("outer", "run", "values")

    values: Mapping[str, Any]
    outer: Scope | None
    run: Run

    def __init__(self, values: Mapping[str, Any], outer: Scope) -> None:
        self.values = values
        self.outer = outer
        self.run = outer.run


class Run(Scope):
    """One evaluation, and its outermost scope: the variables that the caller gave."""

    __slots__ = ("_now", "calls", "inputs", "steps", "warnings")

    def __init__(self, values: Mapping[str, Any], now: datetime | None) -> None:
        self.values = values
        self.outer = None
        self.run = self
        self.steps = MAX_STEPS
        self.calls = 0
        self.warnings: list[FeelWarning] | None = None
        self.inputs: dict[str | tuple[str, ...], Any] | None = None
        self._now = now

    def null(self, kind: WarningKind, message: str) -> Any:
        """Note why a value is null; return null."""
        if self.warnings is None:
            self.warnings = [FeelWarning(kind, message)]
        elif len(self.warnings) < MAX_WARNINGS or kind is WarningKind.LIMIT:
            self.warnings.append(FeelWarning(kind, message))
        return None

    def refused(self, message: str) -> Any:
        """Note that a function can do nothing with its arguments; return null."""
        return self.null(WarningKind.INVALID_ARGUMENTS, message)

    def spend(self, steps: int) -> None:
        """Take some of the steps that are left. Raises `LimitExceeded`."""
        self.steps -= steps
        if self.steps < 0:
            raise LimitExceeded(f"the evaluation takes more than {MAX_STEPS} steps")

    def spend_text(self, length: int) -> None:
        """Take the steps for looking at a string, or making it."""
        self.steps -= length // CHARACTERS_PER_STEP
        if self.steps < 0:
            raise LimitExceeded(f"the evaluation takes more than {MAX_STEPS} steps")

    def text(self, text: str) -> str:
        """Return a string that was made. Raises `LimitExceeded` where it is too long."""
        if len(text) > MAX_STRING_LENGTH:
            raise LimitExceeded(f"a string is longer than {MAX_STRING_LENGTH} characters")
        self.spend_text(len(text))
        return text

    def reserve(self, length: int) -> None:
        """Take the steps for a list of this length. Raises `LimitExceeded`."""
        if length > MAX_LIST_LENGTH:
            raise LimitExceeded(f"a list is longer than {MAX_LIST_LENGTH} elements")
        self.spend(length)

    @property
    def now(self) -> datetime:
        """The time, the same during the whole evaluation."""
        if self._now is None:
            self._now = datetime.now(UTC)
        return self._now

    def input(self, name: str | tuple[str, ...], value: Any) -> Any:
        """Return the variable `name`, or the entry at the path `name` of it, as a value of FEEL."""
        if type(value) in SCALARS or type(value) is float:
            return self.taken(value)
        if self.inputs is None:
            self.inputs = {}
        elif name in self.inputs:
            return self.inputs[name]
        found = self.inputs[name] = self.taken(value)
        return found

    def taken(self, value: Any) -> Any:
        """Return a value from outside as a value of FEEL; null for what is none."""
        kind = type(value)
        if kind is int or kind is Decimal:
            return self._number(value)
        if kind in SCALARS:
            return value
        if kind is float:
            return from_float(value)
        if kind is list or kind is tuple:
            self.spend(len(value))
            return [self.taken(item) for item in value]
        if isinstance(value, Mapping):
            self.spend(len(value))
            return {key: self.taken(item) for key, item in value.items() if type(key) is str}
        if kind is Range or kind is Function:
            return value
        if isinstance(value, str):
            return str.__str__(value)
        return self.null(WarningKind.INVALID_INPUT, "a variable holds a value that FEEL does not have")

    def _number(self, value: int | Decimal) -> Any:
        try:
            if isinstance(value, int):
                return whole(value)
            return number(DECIMAL128.plus(value)) if value.is_finite() else None
        except DecimalException:
            return self.null(WarningKind.INVALID_INPUT, "a variable holds a number that is too large")


Evaluate = Callable[[Scope], Any]
"""A compiled node."""


class Constant:
    """A compiled node that gives the same value always."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, scope: Scope) -> Any:
        """Return the value, whatever is known."""
        return self.value


SMALL = 10**DIGITS
"""Whole numbers below it are taken as they are."""

PLAIN = frozenset({type(None), bool, str, date, time, datetime, timedelta, YearsMonths})
"""Types of variables that need no look at their value."""
