"""Values as fields take them when data are put into a form: what fits is kept, what does not is emptied."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from form_svc.schema.field_types import Input
from form_svc.schema.model import MISSING, DateTimeKind, Field, OptionsFromExpression
from form_svc.schema.numerals import is_numeral
from form_svc.submission.datetimes import Calendar, Unreadable, shown
from form_svc.submission.options import choices, fixed_options
from form_svc.submission.values import as_double, identity, number_text, text_of
from form_svc.submission.violations import Fault, Rule

_LINE_BREAKS: Final = re.compile(r"[\r\n\t]")
_SHOWN: Final = 80
_WRONG_DATE: Final = {
    DateTimeKind.DATE: Rule.NOT_A_DATE,
    DateTimeKind.TIME: Rule.NOT_A_TIME,
    DateTimeKind.DATE_TIME: Rule.NOT_A_DATE_TIME,
}


@dataclass(slots=True, frozen=True)
class Entered:
    """A value in its field; `fault` says why what was given was dropped."""

    value: Any
    fault: Fault | None = None


def empty_value(field: Field) -> Any:
    """Return what a field holds when nothing was entered."""
    match field.type.input:
        case Input.TEXT:
            return ""
        case Input.FLAG:
            return False
        case Input.CHOICES:
            return []
        case _:
            return None


def first_value(field: Field) -> Any:
    """Return what a field holds at first where there are no data for it."""
    return empty_value(field) if field.default is MISSING else field.default


def enter(field: Field, value: Any, variables: Mapping[str, Any], calendar: Calendar) -> Entered:
    """Put a value into a field."""
    match field.type.input:
        case Input.TEXT:
            return _text(field, value)
        case Input.NUMBER:
            return _number(field, value)
        case Input.FLAG:
            wrong = value is not None and not isinstance(value, bool)
            return Entered(value is True, Fault(Rule.NOT_A_FLAG) if wrong else None)
        case Input.CHOICE:
            return _choice(field, value, variables)
        case Input.CHOICES:
            return _choices(field, value, variables)
        case Input.DATE_TIME:
            return _date_time(field, value, calendar)
        case _:
            return Entered(value)


def _text(field: Field, value: Any) -> Entered:
    if value is None:
        return Entered("")
    if isinstance(value, list | dict):
        return Entered("", Fault(Rule.NOT_TEXT))
    text = text_of(value)
    return Entered(_LINE_BREAKS.sub(" ", text) if field.type.one_line else text)


def _number(field: Field, value: Any) -> Entered:
    if value is None or value == "":
        return Entered(None)
    as_text = field.number.as_text
    if isinstance(value, str) and is_numeral(value):
        number = float(value)
        if math.isfinite(number):
            return Entered(value if as_text else as_double(number))
    elif isinstance(value, int | float) and not isinstance(value, bool) and _is_double(value):
        return Entered(number_text(value) if as_text else as_double(value))
    return Entered(None, Fault(Rule.NOT_A_NUMBER))


def _is_double(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _choice(field: Field, value: Any, variables: Mapping[str, Any]) -> Entered:
    if isinstance(field.options, OptionsFromExpression):
        return Entered(value)
    if identity(value) in choices(fixed_options(field, variables)):
        return Entered(value)
    return Entered(None, None if value is None or value == "" else not_an_option(value))


def _choices(field: Field, values: Any, variables: Mapping[str, Any]) -> Entered:
    computed = isinstance(field.options, OptionsFromExpression)
    if values is None or values == "":
        return Entered(None if computed and values is None else [])
    if not isinstance(values, list):
        return Entered([], Fault(Rule.NOT_A_LIST))
    if computed:
        return Entered(values)
    allowed = choices(fixed_options(field, variables))
    kept, fault = keep_offered(values, allowed)
    return Entered(kept, fault)


def keep_offered(values: list[Any], allowed: frozenset[Any]) -> tuple[list[Any], Fault | None]:
    """Return the values that are offered, and a fault that names the first of the others."""
    kept = [value for value in values if identity(value) in allowed]
    if len(kept) == len(values):
        return values, None
    strange = next(value for value in values if identity(value) not in allowed)
    return kept, not_an_option(strange)


def not_an_option(value: Any) -> Fault:
    """Return the fault of a value that is not offered."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Fault.of(Rule.NOT_AN_OPTION, value=text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _date_time(field: Field, value: Any, calendar: Calendar) -> Entered:
    if value is None or value == "":
        return Entered(None)
    if not isinstance(value, str):
        return Entered(None, unreadable_date(field))
    try:
        shown(value, field.date_time, calendar)
    except Unreadable:
        return Entered(None, unreadable_date(field))
    return Entered(value)


def unreadable_date(field: Field) -> Fault:
    """Return the fault of a text that is no date or time as the field wants it."""
    return Fault(_WRONG_DATE[field.date_time.kind])
