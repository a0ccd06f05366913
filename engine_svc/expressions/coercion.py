"""Type coercions of the Unified Expression Language (JSP 2.1 EL, section 1.18), as JUEL applies them.

Where Java would silently lose information (long overflow, NaN, an arbitrary text as `false`) the value is
refused instead, because a stopped instance with a clear message is better than a wrong branch.
"""

from __future__ import annotations

import math
import re
from typing import Any

import orjson

from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.evaluation import HostObject
from engine_svc.expressions.limits import (
    MAX_INTEGER,
    MAX_NUMERAL_LENGTH,
    MAX_STRING_LENGTH,
    MIN_INTEGER,
)

JSON_TYPES = frozenset({type(None), bool, int, float, str, list, dict})

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)


def type_name(value: Any) -> str:
    """Return the name that messages give to the type of `value`."""
    kind = type(value)
    if value is None:
        return "null"
    if kind is bool:
        return "boolean"
    if kind is int or kind is float:
        return "number"
    if kind is str:
        return "string"
    if kind is list:
        return "list"
    if kind is dict:
        return "object"
    return "engine object"


def bounded_integer(value: int) -> int:
    """Return `value`; raise `OperationError` where it does not fit 64 bits."""
    if MIN_INTEGER <= value <= MAX_INTEGER:
        return value
    raise OperationError("integer result outside the 64-bit range")


def finite(value: float) -> float:
    """Return `value`; raise `OperationError` where it is infinite or not a number (JSON has neither)."""
    if math.isfinite(value):
        return value
    raise OperationError("floating point result out of range")


def bounded_string(value: str) -> str:
    """Return `value`; raise `OperationError` where it is longer than an expression may produce."""
    if len(value) <= MAX_STRING_LENGTH:
        return value
    raise OperationError(f"string result longer than {MAX_STRING_LENGTH} characters")


def parse_number(text: str) -> int | float | None:
    """Return the number that `text` holds, or None where it holds none."""
    stripped = text.strip()
    if len(stripped) > MAX_NUMERAL_LENGTH:
        return None
    if _INTEGER.fullmatch(stripped):
        return int(stripped)
    if _DECIMAL.fullmatch(stripped):
        return float(stripped)
    return None


def to_number(value: Any) -> int | float:
    """Coerce to a number: null and the empty string are 0, a numeric string is its number."""
    kind = type(value)
    if kind is int:
        return bounded_integer(value)
    if kind is float:
        return finite(value)
    if value is None:
        return 0
    if kind is str:
        if not value:
            return 0
        number = parse_number(value)
        if number is None:
            raise OperationError(f"the string {_quoted(value)} is not a number")
        return bounded_integer(number) if type(number) is int else finite(number)
    raise OperationError(f"a {type_name(value)} cannot be used as a number")


def to_boolean(value: Any) -> bool:
    """Coerce to a boolean: null and the empty string are false, 'true' and 'false' in any case count."""
    if value is True or value is False:
        return bool(value)
    if value is None:
        return False
    if type(value) is str:
        if not value:
            return False
        lowered = value.lower()
        if lowered == "true":
            return True
        if lowered == "false":
            return False
        raise OperationError(f"the string {_quoted(value)} is not a boolean")
    raise OperationError(f"a {type_name(value)} cannot be used as a boolean; compare it, or use empty")


def to_string(value: Any) -> str:
    """Coerce to a string: null is empty, lists and objects become compact JSON."""
    kind = type(value)
    if kind is str:
        return str(value)
    if value is None:
        return ""
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(bounded_integer(value))
    if kind is float:
        return repr(value)
    if kind is list or kind is dict:
        try:
            encoded = orjson.dumps(value)
        except TypeError as error:
            raise OperationError(f"a {type_name(value)} cannot be written as JSON: {error}") from error
        return bounded_string(encoded.decode())
    return to_string(require_json(value))


def require_json(value: Any) -> Any:
    """Return `value`; raise `OperationError` where it is not a JSON value."""
    if type(value) in JSON_TYPES:
        return value
    if isinstance(value, HostObject):
        return value.value()
    raise OperationError(f"the value is of the type {type(value).__name__}, which expressions do not know")


def _quoted(value: str) -> str:
    return "'" + (value if len(value) <= 60 else value[:60] + "...") + "'"
