"""Texts of the model compiled to functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine_svc.expressions import (
    Evaluate,
    ExpressionError,
    ExpressionSyntaxError,
    VariableReader,
    compile_condition,
    compile_value,
    constant,
    is_constant,
)
from engine_svc.model.elements import ModelText, TextKind


def compiled(text: ModelText) -> Evaluate:
    """Return the function for a text; raise `ExpressionSyntaxError` where it is not valid."""
    return constant(text.text) if text.kind is TextKind.LITERAL else compile_value(text.text)


def compiled_or_none(text: ModelText | None) -> Evaluate | None:
    """Return the function for a text that may be missing."""
    return None if text is None else compiled(text)


def compiled_condition(text: ModelText) -> Evaluate:
    """Return the function for a condition, which gives a bool; raise `ExpressionSyntaxError`."""
    return compile_condition(text.text)


def compiled_condition_or_none(text: ModelText | None) -> Evaluate | None:
    """Return the function for a condition that may be missing; its result is a bool."""
    return None if text is None else compiled_condition(text)


def compiled_all(texts: Iterable[ModelText]) -> tuple[Evaluate, ...]:
    """Return the functions for several texts, in their order."""
    return tuple(compiled(text) for text in texts)


def tolerant(text: str) -> Evaluate:
    """Return a function for a text that people read: what cannot be evaluated stays as it is written."""
    try:
        evaluate = compile_value(text)
    except ExpressionSyntaxError:
        return constant(text)
    if is_constant(evaluate):
        return evaluate

    def evaluate_or_keep(reader: VariableReader) -> Any:
        try:
            return evaluate(reader)
        except ExpressionError:
            return text

    return evaluate_or_keep
