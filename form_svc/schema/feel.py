"""`mesh.feel` as forms need it: values in and out are JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import mesh.feel
from form_svc.schema.expressions import Context, Expression, UnaryTests

_ALWAYS: Final = "true"


class FeelInvalid(ValueError):
    """The text is no FEEL; the message says what is wrong, and where."""


def compile_expression(text: str, names: frozenset[str] = frozenset()) -> Expression:
    """Return the expression. Raises `FeelInvalid`."""
    try:
        return _Expression(mesh.feel.compile_expression(text, names))
    except mesh.feel.FeelSyntaxError as error:
        raise FeelInvalid(f"{error.message} (character {error.column})") from None


def compile_unary_tests(text: str, names: frozenset[str] = frozenset()) -> UnaryTests:
    """Return the condition. Raises `FeelInvalid`."""
    if text.strip() == _ALWAYS:
        return _Always()
    try:
        return _UnaryTests(mesh.feel.compile_unary_tests(text, names))
    except mesh.feel.FeelSyntaxError as error:
        raise FeelInvalid(f"{error.message} (character {error.column})") from None


@dataclass(slots=True, frozen=True)
class _Always:
    """The condition `true`: a unary test would compare it with null."""

    names: frozenset[str] = frozenset()

    def holds(self, context: Context) -> bool:
        return True


@dataclass(slots=True, frozen=True)
class _Expression:
    compiled: mesh.feel.Expression

    @property
    def names(self) -> frozenset[str]:
        return self.compiled.names

    def evaluate(self, context: Context) -> Any:
        context.budget.check()
        return mesh.feel.json_value(self.compiled.evaluate(context.variables, now=context.now))


@dataclass(slots=True, frozen=True)
class _UnaryTests:
    compiled: mesh.feel.UnaryTestsExpression

    @property
    def names(self) -> frozenset[str]:
        return self.compiled.names

    def holds(self, context: Context) -> bool:
        context.budget.check()
        # The tests are of no value in particular: form-js writes conditions as unary tests of null.
        return self.compiled.evaluate(None, context.variables, now=context.now) is True
