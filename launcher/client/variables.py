"""Variables on the command line: `amount=12.5`, `approved=true`, `name=Ada`, `items=["a","b"]`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.struct_pb2 import Value

from launcher.client.failure import CommandFailed


def parse_variables(assignments: Iterable[str]) -> dict[str, Value]:
    """Return the values by name: JSON where the text is JSON, else the text itself.

    Raises CommandFailed for what is no assignment, a name given twice, and numbers that JSON does not know.
    """
    variables: dict[str, Value] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise CommandFailed(f"A variable reads NAME=VALUE, not {assignment!r}.")
        if name in variables:
            raise CommandFailed(f"The variable {name!r} is given twice.")
        variables[name] = _value(name, text)
    return variables


def _value(name: str, text: str) -> Value:
    try:
        content = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except ValueError:
        content = text
    except RecursionError:
        raise CommandFailed(f"The variable {name!r} is nested too deeply.") from None
    try:
        return ParseDict(content, Value())
    except (ParseError, OverflowError, RecursionError) as error:
        raise CommandFailed(f"The variable {name!r} cannot be sent: {error}.") from None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise CommandFailed(f"The number {text} is too large.")
    return number


def _refuse_constant(constant: str) -> object:
    raise ValueError(f"{constant} is text")
