"""Bytes to JSON, within bounds."""

from __future__ import annotations

import codecs
from typing import Any

import orjson

from form_svc.schema.limits import MAX_BYTES, MAX_JSON_DEPTH


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
    if _depth(content) > MAX_JSON_DEPTH:
        raise NotReadable(f"the form is nested more than {MAX_JSON_DEPTH} deep; flatten it")
    return content


def _depth(content: Any) -> int:
    depth = 0
    level = [content]
    while level and depth <= MAX_JSON_DEPTH:
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        level = below
        depth += 1
    return depth
