"""Bytes to JSON, within bounds."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import Any

import orjson

from form_svc.schema.limits import LIST_DEPTH, MAX_BYTES, MAX_DEPTH, OBJECT_DEPTH


class NotReadable(ValueError):
    """The bytes are no JSON, or too much of it."""


def read_json(document: bytes) -> Any:
    """Return the document. Raises `NotReadable`, which says how to mend it."""
    if len(document) > MAX_BYTES:
        raise NotReadable(f"the form has {len(document)} bytes; make it smaller than {MAX_BYTES}")
    try:
        content = orjson.loads(document.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise NotReadable(f"the form is no JSON: {error}; export it again from the form editor") from None
    if _is_too_deep(content):
        raise NotReadable(
            f"the form is nested more than {MAX_DEPTH} deep, where an object counts {OBJECT_DEPTH} and a list "
            f"{LIST_DEPTH}; flatten it"
        )
    return content


def _is_too_deep(content: Any) -> bool:
    values = [(content, 0)]
    while values:
        value, depth = values.pop()
        if isinstance(value, dict):
            depth += OBJECT_DEPTH
            below: Iterable[Any] = value.values()
        elif isinstance(value, list):
            depth += LIST_DEPTH
            below = value
        else:
            continue
        if depth > MAX_DEPTH:
            return True
        values.extend((each, depth) for each in below)
    return False
