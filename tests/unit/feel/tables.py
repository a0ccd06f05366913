"""What the tables of these tests share."""

from __future__ import annotations

from typing import Any

from mesh.feel import compile_expression
from mesh.feel.evaluation import Run
from mesh.feel.rendering import string_of


def value(text: str, /, **context: Any) -> Any:
    """Return the value of an expression."""
    return compile_expression(text, context.keys()).evaluate(context)


def written(text: str, /, **context: Any) -> str:
    """Return the value of an expression as FEEL writes it: types are told apart by that."""
    found = value(text, **context)
    return f'"{found}"' if type(found) is str else string_of(Run({}, None), found)
