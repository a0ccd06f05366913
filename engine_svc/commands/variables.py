"""Variables as callers send them, checked against the limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from google.protobuf.struct_pb2 import Value

from mesh.errors import InvalidField, Violation
from mesh.json_values import NumberNotFinite, from_value

RESERVED = frozenset({"execution"})
"""Names that expressions know as objects of the engine."""


def read_variables(sent: Mapping[str, Value], field: str, max_bytes: int) -> dict[str, Any]:
    """Return variables as JSON values; `field` names the map in errors.

    Raises `InvalidField` (FIELD_INVALID, VARIABLE_TOO_LARGE).
    """
    variables: dict[str, Any] = {}
    for name, value in sent.items():
        check_name(name, f"{field}.{name}")
        try:
            plain = from_value(value)
        except NumberNotFinite as error:
            raise _invalid(f"{field}.{name}", f"{error}; send it as a text") from error
        if isinstance(plain, str | list | dict):
            _check_size(name, plain, max_bytes)
        variables[name] = plain
    return variables


def check_name(name: str, field: str) -> None:
    """Raise `InvalidField` for a name that no variable may have; `field` names it in the error."""
    if name in RESERVED:
        raise _invalid(field, f"the name {name} is reserved for expressions; choose another one")


def _check_size(name: str, plain: str | list[Any] | dict[str, Any], max_bytes: int) -> None:
    if isinstance(plain, str) and len(plain) * 4 <= max_bytes:
        return
    size = len(orjson.dumps(plain))
    if size > max_bytes:
        raise InvalidField(
            "VARIABLE_TOO_LARGE",
            f"variable {name} has {size} bytes, more than the {max_bytes} allowed; "
            "keep large documents elsewhere and their address here",
            metadata={"variable": name, "bytes": str(size), "limit": str(max_bytes)},
        )


def _invalid(field: str, description: str) -> InvalidField:
    return InvalidField("FIELD_INVALID", description, violations=[Violation(field, description)])
