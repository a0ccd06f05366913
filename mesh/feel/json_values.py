"""FEEL's values as JSON: what goes back to a process, a form or a browser."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson

from mesh.feel import temporal
from mesh.feel.decimals import whole
from mesh.feel.evaluation import Run
from mesh.feel.values import Function, Range

_MAX_EXACT = 2**63


def json_value(value: Any) -> Any:
    """Return a value that an evaluation gave as a JSON value.

    Whole numbers within 64 bits stay int, other numbers become float; dates, times and durations become ISO 8601
    texts, a range the context of its properties, a function null.
    """
    kind = type(value)
    if kind is int:
        return value if -_MAX_EXACT <= value < _MAX_EXACT else float(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is Decimal:
        return float(value)
    if kind is list:
        return [json_value(item) for item in value]
    if kind is dict:
        return {key: json_value(item) for key, item in value.items()}
    if kind is Range:
        return {
            "start": json_value(value.start),
            "end": json_value(value.end),
            "start included": value.start_included,
            "end included": value.end_included,
        }
    if kind is Function:
        return None
    return temporal.text_of(value)


def check_size(run: Run, value: Any) -> None:
    """Take a step for each value within `value`, so that what is handed out is no larger than what may be made."""
    if type(value) is list:
        run.spend(len(value))
        for item in value:
            if type(item) is list or type(item) is dict:
                check_size(run, item)
            elif type(item) is str:
                run.spend_text(len(item))
    elif type(value) is dict:
        run.spend(len(value))
        for item in value.values():
            if type(item) is list or type(item) is dict:
                check_size(run, item)
            elif type(item) is str:
                run.spend_text(len(item))


def json_text(run: Run, value: Any) -> str | None:
    """Return a value as a JSON text."""
    check_size(run, value)
    return orjson.dumps(json_value(value), option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def parse_json(run: Run, text: str) -> Any:
    """Return the value of a JSON text. Raises `orjson.JSONDecodeError`."""
    value = orjson.loads(text)
    return whole(value) if type(value) is int else run.taken(value)
