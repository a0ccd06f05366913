"""`mesh.feel` as forms need it: values in and out are JSON.

It is loaded with the first expression, in the thread that reads its form: a mesh without forms starts without it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from form_svc.schema.expressions import Context, Expression, UnaryTests

if TYPE_CHECKING:
    from mesh.feel import Expression as FeelExpression
    from mesh.feel import UnaryTestsExpression

_ALWAYS: Final = "true"


class FeelInvalid(ValueError):
    """The text is no FEEL; the message says what is wrong, and where."""


def compile_expression(text: str, names: frozenset[str] = frozenset()) -> Expression:
    """Return the expression. Raises `FeelInvalid`."""
    from mesh import feel

    try:
        return _Expression(feel.compile_expression(text, names))
    except feel.FeelSyntaxError as error:
        raise FeelInvalid(f"{error.message} (character {error.column})") from None


def compile_unary_tests(text: str, names: frozenset[str] = frozenset()) -> UnaryTests:
    """Return the condition. Raises `FeelInvalid`."""
    from mesh import feel

    if text.strip() == _ALWAYS:
        return _Always()
    try:
        return _UnaryTests(feel.compile_unary_tests(text, names))
    except feel.FeelSyntaxError as error:
        raise FeelInvalid(f"{error.message} (character {error.column})") from None


@dataclass(slots=True, frozen=True)
class _Always:
    """The condition `true`: a unary test would compare it with null."""

    names: frozenset[str] = frozenset()

    def holds(self, context: Context) -> bool:
        return True


@dataclass(slots=True, frozen=True)
class _Expression:
    compiled: FeelExpression

    @property
    def names(self) -> frozenset[str]:
        return self.compiled.names

    def evaluate(self, context: Context) -> Any:
        from mesh.feel import json_value

        context.budget.check()
        return _finite(json_value(self.compiled.evaluate(context.variables, now=context.now)))


def _finite(value: Any) -> Any:
    """Return a value with null for what is no number of JSON: those of FEEL reach further."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return value


@dataclass(slots=True, frozen=True)
class _UnaryTests:
    compiled: UnaryTestsExpression

    @property
    def names(self) -> frozenset[str]:
        return self.compiled.names

    def holds(self, context: Context) -> bool:
        context.budget.check()
        # The tests are of no value in particular: form-js writes conditions as unary tests of null.
        return self.compiled.evaluate(None, context.variables, now=context.now) is True
