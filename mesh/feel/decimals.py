"""Numbers: whole ones as int, others as Decimal with 34 digits (IEEE 754-2008 decimal128), as DMN has them.

A whole number is always an int while it has no more than 34 digits, however it came about, so that `4 / 2` and `2` are
the same value to whoever reads it.
"""

from __future__ import annotations

import re
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

from mesh.feel.limits import MAX_NUMERAL_LENGTH

Number = int | Decimal

DIGITS = 34
_EXACT = 10**DIGITS
_MOST = 6144
_NUMERAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)


def _context(rounding: str, digits: int = DIGITS) -> Context:
    traps = [InvalidOperation, DivisionByZero, Overflow]
    return Context(prec=digits, rounding=rounding, Emin=-6143, Emax=_MOST, capitals=1, clamp=0, flags=[], traps=traps)


DECIMAL128 = _context(ROUND_HALF_EVEN)
# Rounding to a scale that a number does not have needs more digits than it may keep.
_WIDE = _context(ROUND_HALF_EVEN, 2 * _MOST + 2 * DIGITS)

HALF_EVEN, HALF_UP, HALF_DOWN = ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_HALF_DOWN
UP, DOWN, FLOOR, CEILING = ROUND_UP, ROUND_DOWN, ROUND_FLOOR, ROUND_CEILING

MIN_SCALE, MAX_SCALE = -6111, 6176


def number(value: Decimal) -> Number:
    """Return `value`, as an int where it is whole and its digits fit."""
    if value.adjusted() < DIGITS and value == value.to_integral_value():
        return int(value)
    return value


def whole(value: int) -> Number:
    """Return `value`, rounded to 34 digits where it has more. Raises `DecimalException` where it is far too large."""
    if -_EXACT < value < _EXACT:
        return value
    if value.bit_length() > 4 * _MOST:
        raise Overflow
    return DECIMAL128.create_decimal(value)


def from_float(value: float) -> Number | None:
    """Return the number with the fewest digits that is this float; None for infinities and for what is no number."""
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return number(Decimal(repr(value)))


def parse_literal(text: str) -> Number | None:
    """Return the number that a literal stands for; None where it is too large."""
    try:
        return number(DECIMAL128.create_decimal(text))
    except DecimalException:
        return None


def parse_number(text: str) -> Number | None:
    """Return the number that `text` holds, or None where it holds none."""
    if len(text) > MAX_NUMERAL_LENGTH or _NUMERAL.fullmatch(text) is None:
        return None
    return parse_literal(text)


def text_of(value: Number) -> str:
    """Return the number as FEEL writes it: without an exponent while that is short."""
    if type(value) is int:
        return str(value)
    assert isinstance(value, Decimal)
    if -DIGITS <= value.adjusted() <= DIGITS + 6:
        plain = format(value, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return str(value.normalize(DECIMAL128))


def add(left: Number, right: Number) -> Number:
    """Return the sum. This and the functions below raise `DecimalException` where there is no result."""
    if type(left) is int and type(right) is int:
        return whole(left + right)
    return number(DECIMAL128.add(left, right))


def subtract(left: Number, right: Number) -> Number:
    """Return the difference."""
    if type(left) is int and type(right) is int:
        return whole(left - right)
    return number(DECIMAL128.subtract(left, right))


def multiply(left: Number, right: Number) -> Number:
    """Return the product."""
    if type(left) is int and type(right) is int:
        return whole(left * right)
    return number(DECIMAL128.multiply(left, right))


def divide(left: Number, right: Number) -> Number:
    """Return the quotient."""
    return number(DECIMAL128.divide(left, right))


def power(base: Number, exponent: Number) -> Number:
    """Return `base` to the power of `exponent`."""
    if exponent == 0:
        return 1
    if base == 0 and exponent < 0:
        # What the decimals take for infinite.
        raise DivisionByZero
    return number(DECIMAL128.power(base, exponent))


def modulo(dividend: Number, divisor: Number) -> Number:
    """Return the remainder with the sign of the divisor: dividend - divisor * floor(dividend / divisor)."""
    if type(dividend) is int and type(divisor) is int:
        return dividend % divisor
    remainder = _WIDE.remainder(dividend, divisor)
    if remainder and (remainder < 0) != (divisor < 0):
        remainder = _WIDE.add(remainder, divisor)
    return number(DECIMAL128.plus(remainder))


def rounded(value: Number, scale: int, rounding: str) -> Number:
    """Return `value` with `scale` digits behind the point."""
    if type(value) is int:
        if scale >= 0:
            return value
        value = Decimal(value)
    assert isinstance(value, Decimal)
    if -value.as_tuple().exponent <= scale:  # type: ignore[operator]
        return value
    context = _context(rounding, _WIDE.prec)
    return number(DECIMAL128.plus(value.quantize(Decimal((0, (1,), -scale)), context=context)))
