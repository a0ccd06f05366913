"""Reads a component's properties; what is wrong becomes a problem, and the property is taken as absent."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from form_svc.schema.expressions import Expression, UnaryTests, is_expression
from form_svc.schema.feel import FeelInvalid, compile_expression, compile_unary_tests
from form_svc.schema.model import MISSING, Bound
from form_svc.schema.numerals import is_numeral
from form_svc.schema.problems import Problems

_SHOWN: Final = 60


def shown(value: object) -> str:
    """Return a value as it may stand in a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


@dataclass(slots=True, frozen=True)
class Reading:
    """What goes along while a document is read."""

    problems: Problems
    names: frozenset[str]
    """Names in the form's data, of which an expression's parser must know where they hold operators."""


class Properties:
    """One JSON object of the form's document, with its place."""

    def __init__(self, content: Mapping[str, Any], path: str, field_id: str, reading: Reading) -> None:
        self._content = content
        self.path = path
        self._field_id = field_id
        self._reading = reading

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def raw(self, name: str) -> Any:
        """Return a property as it stands; `MISSING` where there is none."""
        return self._content.get(name, MISSING)

    def problem(self, name: str, message: str) -> None:
        """Record a problem with a property."""
        self._reading.problems.add(f"{self.path}.{name}" if name else self.path, self._field_id, message)

    def part(self, name: str) -> Properties:
        """Return an object within this one; empty where there is none."""
        value = self.raw(name)
        if value is not MISSING and not isinstance(value, dict):
            self.problem(name, f"{shown(value)} is no object; write {{…}} or leave {name} out")
        content = value if isinstance(value, dict) else {}
        return Properties(content, f"{self.path}.{name}", self._field_id, self._reading)

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        value = self.raw(name)
        if value is MISSING or value is None:
            return default
        if not isinstance(value, str):
            self.problem(name, f"{shown(value)} is no text; write it in quotes")
            return default
        return value

    def one_of(self, name: str, allowed: Sequence[str], default: str) -> str:
        """Return a text out of several."""
        value = self.raw(name)
        if value is MISSING or value is None:
            return default
        if value not in allowed or not isinstance(value, str):
            self.problem(name, f"{shown(value)} is unknown; write one of {', '.join(map(shown, allowed))}")
            return default
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.raw(name)
        if value is MISSING or value is None:
            return default
        if not isinstance(value, bool):
            hint = "; expressions have no effect here" if is_expression(value) else ""
            self.problem(name, f"{shown(value)} is neither true nor false{hint}; write true or false")
            return default
        return value

    def whole(self, name: str, most: int) -> int | None:
        """Return a whole number from 0 to `most`."""
        value = self.raw(name)
        if value is MISSING or value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            self.problem(name, f"{shown(value)} is no whole number from 0 to {most}; write one")
            return None
        return value

    def decimal(self, name: str) -> int | float | str | None:
        """Return a number, or a number as text."""
        value = self.raw(name)
        if value is MISSING or value is None or value == "":
            return None
        if not is_decimal(value):
            self.problem(name, f"{shown(value)} is no number; write one such as 0.5")
            return None
        number: int | float | str = value
        return number

    def bound(self, name: str, *, whole: bool) -> Bound | None:
        """Return a number or an expression for one."""
        value = self.raw(name)
        if value is MISSING or value is None:
            return None
        if is_expression(value):
            return self.expression(name)
        fits = is_decimal(value)
        if whole and fits:
            fits = float(value) >= 0 and float(value).is_integer()
        if not fits:
            kind = "whole number from 0 on" if whole else "number"
            self.problem(name, f"{shown(value)} is no {kind}; write one, or an expression that begins with =")
            return None
        number: Bound = value
        return number

    def expression(self, name: str) -> Expression | None:
        """Return the expression that a property must be."""
        value = self.raw(name)
        if value is MISSING or value is None or value == "":
            return None
        if not is_expression(value):
            self.problem(name, f"{shown(value)} is no expression; begin it with =")
            return None
        try:
            return compile_expression(value[1:], self._reading.names)
        except FeelInvalid as error:
            self.problem(name, f"the expression cannot be read: {error}")
            return None

    def unary_tests(self, name: str) -> UnaryTests | None:
        """Return the condition that a property must be."""
        value = self.raw(name)
        if value is MISSING or value is None or value == "":
            return None
        if not is_expression(value):
            self.problem(name, f"{shown(value)} is no condition and would never hold; begin it with =")
            return None
        try:
            return compile_unary_tests(value[1:], self._reading.names)
        except FeelInvalid as error:
            self.problem(name, f"the condition cannot be read: {error}")
            return None

    def text_or_expression(self, name: str) -> str | Expression:
        """Return a text, or the expression for it."""
        value = self.raw(name)
        if is_expression(value):
            return self.expression(name) or ""
        return self.text(name)

    def check_shown_text(self, name: str) -> None:
        """Check a text that is only shown: it may be a text, a template or an expression."""
        value = self.raw(name)
        if is_expression(value):
            self.expression(name)
        elif value is not MISSING and value is not None and not isinstance(value, str):
            self.problem(name, f"{shown(value)} is no text; write it in quotes")


def is_decimal(value: object) -> bool:
    """Tell whether it is a number, or a text that is one."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return math.isfinite(value)
    return isinstance(value, str) and is_numeral(value)
