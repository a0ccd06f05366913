"""Operators and conditions, made of the functions of their operands."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from mesh.feel.comparison import COMPARISONS, order
from mesh.feel.evaluation import Evaluate, Run, Scope

_NATIVE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
Judge = Callable[[Scope, Any], Any]
"""A test of a value: true, false or null."""


def comparison_with_literal(symbol: str, left: Evaluate, literal: int | str) -> Evaluate:
    """Compare with a number or a string that stands in the text."""
    compare, native, kind = COMPARISONS[symbol], _NATIVE[symbol], type(literal)

    def evaluate(scope: Scope) -> Any:
        value = left(scope)
        if type(value) is kind:
            return native(value, literal)
        return compare(scope.run, value, literal)

    return evaluate


def logical(operands: list[Evaluate], decisive: bool) -> Evaluate:
    """`or` where `decisive` is true, else `and`, with null as the third value."""
    if len(operands) == 2:
        return _logical_pair(operands[0], operands[1], decisive)

    def evaluate(scope: Scope) -> Any:
        unknown = False
        for operand in operands:
            value = operand(scope)
            if value is decisive:
                return decisive
            unknown = unknown or type(value) is not bool
        return None if unknown else not decisive

    return evaluate


def _logical_pair(left: Evaluate, right: Evaluate, decisive: bool) -> Evaluate:
    other = not decisive

    def evaluate(scope: Scope) -> Any:
        first = left(scope)
        if first is decisive:
            return decisive
        second = right(scope)
        if second is decisive:
            return decisive
        return other if first is other and second is other else None

    return evaluate


def arithmetic(first: Evaluate, rest: list[tuple[Callable[[Run, Any, Any], Any], Evaluate]]) -> Evaluate:
    """A chain of operators of one rank, from the left."""
    if len(rest) == 1:
        ((operate, second),) = rest
        return lambda scope: operate(scope.run, first(scope), second(scope))

    def evaluate(scope: Scope) -> Any:
        value, run = first(scope), scope.run
        for operate, operand in rest:
            value = operate(run, value, operand(scope))
        return value

    return evaluate


def conditional(condition: Evaluate, then: Evaluate, otherwise: Evaluate) -> Evaluate:
    """`if`: what is not true is false."""
    return lambda scope: then(scope) if condition(scope) is True else otherwise(scope)


def between(value: Evaluate, low: Evaluate, high: Evaluate) -> Evaluate:
    """`value between low and high`."""

    def evaluate(scope: Scope) -> Any:
        found = value(scope)
        above, below = order(found, low(scope)), order(found, high(scope))
        return None if above is None or below is None else above >= 0 and below <= 0

    return evaluate


def within(value: Evaluate, tests: list[Judge]) -> Evaluate:
    """`value in tests`."""

    def evaluate(scope: Scope) -> Any:
        found = value(scope)
        return any_of([test(scope, found) for test in tests])

    return evaluate


def any_of(answers: list[Any]) -> bool | None:
    """Tell whether one of the answers is true; null where that is not known."""
    if any(answer is True for answer in answers):
        return True
    return None if any(answer is None for answer in answers) else False
