"""Checks one value against what its field demands, as form-js's validator does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Context as DecimalContext
from decimal import Decimal, localcontext
from typing import Any, Final

from form_svc.schema.expressions import Context
from form_svc.schema.field_types import Input
from form_svc.schema.model import MISSING, Bound, Field, ValidationType
from form_svc.schema.numerals import is_numeral
from form_svc.schema.patterns import PatternTooSlow
from form_svc.submission.phone_numbers import is_phone_number
from form_svc.submission.values import is_blank, number_text, text_of, trimmed_length
from form_svc.submission.violations import Fault, Rule

_EMAIL: Final = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
_EXACT: Final = DecimalContext(prec=3000)
"""Enough for the longest numerals that there are with the largest exponents."""


def faults(field: Field, value: Any, context: Context) -> Iterator[Fault]:
    """Yield what is wrong with a value."""
    with localcontext(_EXACT):
        if field.type.input is Input.NUMBER and not is_blank(value):
            yield from _number_faults(field, value)
        yield from _faults(field, value, context)


def _number_faults(field: Field, value: Any) -> Iterator[Fault]:
    number, form = _decimal(value), field.number
    if number is None:
        return
    if form.decimal_digits is not None and (digits := _decimal_places(number)) > form.decimal_digits:
        if form.decimal_digits == 0:
            yield Fault(Rule.INTEGER)
        else:
            yield Fault.of(Rule.DECIMAL_DIGITS, digits=digits, bound=form.decimal_digits)
    if form.increment:
        increment = Decimal(form.increment)
        beyond = number % increment
        if beyond:
            lower = number - beyond
            yield Fault.of(
                Rule.INCREMENT, increment=form.increment, lower=_plain(lower), upper=_plain(lower + increment)
            )


def _faults(field: Field, value: Any, context: Context) -> Iterator[Fault]:
    rules = field.constraints
    blank = is_blank(value)
    if rules.pattern is not None and not blank:
        context.budget.check()
        try:
            if not rules.pattern.found_in(text_of(value)):
                yield Fault.of(Rule.PATTERN, pattern=rules.pattern.text, own=rules.pattern_message)
        except PatternTooSlow:
            yield Fault(Rule.PATTERN_TOO_SLOW)
    unchecked = field.type.input is Input.FLAG and value is False
    if rules.required and (unchecked or value is MISSING or value is None or value in ("", [])):
        yield Fault(Rule.REQUIRED)
    if not blank or _is_zero(value):
        yield from _bound_faults(value, _evaluated(rules.min, context), Rule.MIN)
        yield from _bound_faults(value, _evaluated(rules.max, context), Rule.MAX)
    if isinstance(value, str) and value:
        yield from _text_faults(field, value, context)


def _text_faults(field: Field, value: str, context: Context) -> Iterator[Fault]:
    rules = field.constraints
    length = trimmed_length(value)
    least, most = _length(rules.min_length, context), _length(rules.max_length, context)
    if least is not None and length < least:
        yield Fault.of(Rule.MIN_LENGTH, length=length, bound=_plain(least))
    if most is not None and length > most:
        yield Fault.of(Rule.MAX_LENGTH, length=length, bound=_plain(most))
    if rules.validation_type is ValidationType.PHONE and not is_phone_number(value):
        yield Fault(Rule.PHONE)
    if rules.validation_type is ValidationType.EMAIL and _EMAIL.fullmatch(value) is None:
        yield Fault(Rule.EMAIL)


def _bound_faults(value: Any, bound: Any, rule: Rule) -> Iterator[Fault]:
    if bound is None:
        return
    number, limit = _decimal(value), _decimal(bound)
    if number is None or limit is None:
        yield Fault.of(Rule.BOUND_UNUSABLE, bound=text_of(bound))
    elif (number < limit) if rule is Rule.MIN else (number > limit):
        yield Fault.of(rule, bound=_plain(limit))


def _evaluated(bound: Bound | None, context: Context) -> Any:
    return bound if bound is None or isinstance(bound, int | float | str) else bound.evaluate(context)


def _length(bound: Bound | None, context: Context) -> Decimal | None:
    """Return a bound of a text's length, by JavaScript's rules; what is no number bounds nothing."""
    limit = _evaluated(bound, context)
    if isinstance(limit, bool) or limit == "":
        limit = int(bool(limit))
    return _decimal(limit)


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(number_text(value))
    if isinstance(value, str) and is_numeral(value):
        return Decimal(value)
    return None


def _decimal_places(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def _plain(number: Decimal) -> str:
    text = f"{number.normalize():f}"
    return "0" if text == "-0" else text


def _is_zero(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0
