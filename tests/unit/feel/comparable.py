"""Values in the form in which `tests/infrastructure/feelin/evaluate.js` answers, numbers rounded as doubles allow."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mesh.feel import Function, Range
from mesh.feel.temporal import text_of


def ours(value: Any) -> Any:
    """Return a value of `mesh.feel` in the comparable form."""
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int or kind is Decimal:
        return rounded(float(value))
    if kind is list:
        return {"type": "list", "items": [ours(item) for item in value]}
    if kind is dict:
        return {"type": "context", "entries": sorted([key, ours(entry)] for key, entry in value.items())}
    if kind is Range:
        return {
            "type": "range",
            "start": ours(value.start),
            "end": ours(value.end),
            "startIncluded": value.start_included,
            "endIncluded": value.end_included,
        }
    if kind is Function:
        return {"type": "function"}
    return {"type": "temporal", "text": text_of(value)}


def theirs(value: Any) -> Any:
    """Return a value that feelin gave in the comparable form."""
    if type(value) in (int, float):
        return rounded(float(value))
    if isinstance(value, dict):
        made = {key: theirs(part) for key, part in value.items()}
        if made.get("type") == "context":
            made["entries"] = sorted(made["entries"])
        return made
    return [theirs(item) for item in value] if isinstance(value, list) else value


def rounded(value: float) -> float:
    """Return the number without what is lost in doubles anyway."""
    return round(value, 6) if abs(value) < 1e6 else float(f"{value:.9e}")
