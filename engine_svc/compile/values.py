"""Values of mappings compiled to functions: texts, and lists and objects of them."""

from __future__ import annotations

from typing import Any

from engine_svc.compile.texts import compiled
from engine_svc.expressions import Evaluate, VariableReader, compile_value
from engine_svc.model.elements import ListValue, MapValue, ModelText, ModelValue


def compiled_value(value: ModelValue) -> Evaluate:
    """Return the function for a value; raise `ExpressionSyntaxError` where a text in it is not valid."""
    match value:
        case ModelText():
            return compiled(value)
        case ListValue(items=items):
            return _list([compiled_value(item) for item in items])
        case MapValue(entries=entries):
            return _object([(compile_value(name), compiled_value(entry)) for name, entry in entries.items()])


def _list(items: list[Evaluate]) -> Evaluate:
    def evaluate(reader: VariableReader) -> Any:
        return [item(reader) for item in items]

    return evaluate


def _object(entries: list[tuple[Evaluate, Evaluate]]) -> Evaluate:
    def evaluate(reader: VariableReader) -> Any:
        return {str(name(reader)): entry(reader) for name, entry in entries}

    return evaluate
