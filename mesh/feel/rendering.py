"""Values as texts: what `string()` gives."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mesh.feel import decimals, temporal
from mesh.feel.evaluation import Run
from mesh.feel.values import Function, Range


def string_of(run: Run, value: Any) -> str:
    """Return a value as a text: strings as they are, lists and contexts as FEEL writes them."""
    return run.text(value if type(value) is str else _literal(run, value))


def _literal(run: Run, value: Any) -> str:
    kind = type(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is Decimal:
        return decimals.text_of(value)
    if kind is str:
        run.spend_text(len(value))
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if kind is list:
        run.spend(len(value))
        return f"[{run.text(', '.join([_literal(run, item) for item in value]))}]"
    if kind is dict:
        run.spend(len(value))
        return f"{{{run.text(', '.join([f'{key}: {_literal(run, item)}' for key, item in value.items()]))}}}"
    if kind is Range:
        opening, closing = "[" if value.start_included else "(", "]" if value.end_included else ")"
        return f"{opening}{_literal(run, value.start)}..{_literal(run, value.end)}{closing}"
    if kind is Function:
        return f"function({', '.join(value.parameters)})"
    return temporal.text_of(value)
