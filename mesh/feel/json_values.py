"""FEEL's values as JSON: what goes back to a process, a form or a browser."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson

from mesh.feel import temporal
from mesh.feel.errors import LimitExceeded
from mesh.feel.evaluation import Run
from mesh.feel.limits import MAX_JSON_DEPTH
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


def check_size(run: Run, value: Any, depth: int = 1) -> None:
    """Take a step for each value within `value`, so that what is handed out is no larger than what may be made."""
    if depth > MAX_JSON_DEPTH:
        raise LimitExceeded(f"a value is nested more than {MAX_JSON_DEPTH} levels deep")
    if type(value) is list or type(value) is dict:
        run.spend(len(value))
        items: Any = value.values() if isinstance(value, dict) else value
        for item in items:
            check_size(run, item, depth + 1)
    elif type(value) is str:
        run.spend_text(len(value))


def json_text(run: Run, value: Any) -> str | None:
    """Return a value as a JSON text."""
    check_size(run, value)
    try:
        return orjson.dumps(json_value(value)).decode()
    except orjson.JSONEncodeError:
        # Half a character.
        return None


def parse_json(run: Run, text: str) -> Any:
    """Return the value of a JSON text. Raises `orjson.JSONDecodeError`."""
    return run.taken(orjson.loads(text))
