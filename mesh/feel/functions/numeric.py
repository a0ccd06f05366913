"""Numeric functions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal, DecimalException
from typing import Any

from mesh.feel import decimals
from mesh.feel.calls import feel
from mesh.feel.evaluation import Run
from mesh.feel.limits import STEPS_OF_LOGARITHM
from mesh.feel.operators import negate
from mesh.feel.values import YearsMonths


def _rounding(name: str, signature: str, rounding: str) -> None:
    @feel(name, signature)
    def _rounded(run: Run, value: Any, scale: Any = 0) -> Any:
        if scale is None or not decimals.MIN_SCALE <= scale <= decimals.MAX_SCALE:
            return run.refused(f"a scale is from {decimals.MIN_SCALE} to {decimals.MAX_SCALE}")
        try:
            return decimals.rounded(value, int(scale), rounding)
        except DecimalException:
            return run.refused("the number is too large")


_rounding("decimal", "n: number, scale: number", decimals.HALF_EVEN)
_rounding("floor", "n: number, scale?: number?", decimals.FLOOR)
_rounding("ceiling", "n: number, scale?: number?", decimals.CEILING)
_rounding("round up", "n: number, scale?: number?", decimals.UP)
_rounding("round down", "n: number, scale?: number?", decimals.DOWN)
_rounding("round half up", "n: number, scale?: number?", decimals.HALF_UP)
_rounding("round half down", "n: number, scale?: number?", decimals.HALF_DOWN)


@feel("abs", "n: number|duration")
def _abs(run: Run, value: Any) -> Any:
    kind = type(value)
    if kind is Decimal:
        return value.copy_abs()
    if kind is YearsMonths:
        return YearsMonths(abs(value.months))
    if kind is timedelta and value < timedelta():
        return negate(run, value)
    return abs(value)


@feel("modulo", "dividend: number, divisor: number")
def _modulo(run: Run, dividend: Any, divisor: Any) -> Any:
    if divisor == 0:
        return run.refused("modulo by zero")
    try:
        return decimals.modulo(dividend, divisor)
    except DecimalException:
        return run.refused("modulo of numbers that are too far apart")


def _function(name: str, steps: int, operate: Callable[[Decimal], Decimal], allowed: Callable[[Any], bool]) -> None:
    @feel(name, "number: number")
    def _applied(run: Run, value: Any) -> Any:
        run.spend(steps)
        if not allowed(value):
            return run.refused(f"{name} of {str(value)[:40]} has no value")
        try:
            return decimals.number(operate(Decimal(value)))
        except DecimalException:
            return run.refused(f"{name} of {str(value)[:40]} has no value")


_function("sqrt", 5, decimals.DECIMAL128.sqrt, lambda value: value >= 0)
_function("log", STEPS_OF_LOGARITHM, decimals.DECIMAL128.ln, lambda value: value > 0)
_function("exp", STEPS_OF_LOGARITHM, decimals.DECIMAL128.exp, lambda value: True)


@feel("odd", "number: number")
def _odd(run: Run, value: Any) -> bool:
    return bool(decimals.modulo(value, 2) == 1)


@feel("even", "number: number")
def _even(run: Run, value: Any) -> bool:
    return bool(decimals.modulo(value, 2) == 0)
