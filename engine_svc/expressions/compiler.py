"""Compiles expression texts of the model: `${...}`, `#{...}` and texts that contain them."""

from __future__ import annotations

from typing import Any

from engine_svc.expressions.closures import build
from engine_svc.expressions.coercion import JSON_TYPES, bounded_string, require_json, to_boolean, to_string
from engine_svc.expressions.errors import ExpressionError, ExpressionSyntaxError, OperationError
from engine_svc.expressions.evaluation import Constant, Evaluate, VariableReader
from engine_svc.expressions.functions import FUNCTIONS
from engine_svc.expressions.hosts import HOSTS, VARIABLE_READING_METHODS
from engine_svc.expressions.nodes import FunctionCall, Literal, MethodCall, Node, Variable, children
from engine_svc.expressions.template import Template, parse_template


def compile_value(text: str) -> Evaluate:
    """Compile a text template.

    A lone `${...}` keeps the type of its value; a text with several parts gives a string; a text without
    expression is a constant (see `is_constant`). Raises `ExpressionSyntaxError`.
    """
    template = parse_template(text)
    node = template.single
    if node is None:
        return _compile_text(text, template)
    if isinstance(node, Literal):
        return Constant(node.value)
    return _guarded_value(text, build(node))


def compile_condition(text: str) -> Evaluate:
    """Compile a condition: the result is a bool.

    Null and the empty string are false, 'true' and 'false' count in any case; any other value raises
    `ExpressionError`. Raises `ExpressionSyntaxError`, also for a text that can never be a boolean.
    """
    template = parse_template(text)
    node = template.single
    evaluate = _compile_text(text, template) if node is None else build(node)
    if isinstance(evaluate, Constant):
        value = evaluate.value.strip() if isinstance(evaluate.value, str) else evaluate.value
        try:
            return Constant(to_boolean(value))
        except OperationError as error:
            hint = "" if node else "; write it as ${...}"
            raise ExpressionSyntaxError(text, f"not a condition: {error}{hint}", 1) from error
    return _guarded_condition(text, evaluate)


def variables_read(text: str) -> frozenset[str]:
    """Return the names of the variables that the expressions in `text` may read.

    Names given as a literal to `execution.getVariable`, `vars:get` and the like count; engine objects do not.
    Raises `ExpressionSyntaxError`.
    """
    names: set[str] = set()
    pending: list[Node] = [part for part in parse_template(text).parts if not isinstance(part, str)]
    while pending:
        node = pending.pop()
        pending.extend(children(node))
        match node:
            case Variable(name=name) if name not in HOSTS:
                names.add(name)
            case MethodCall(owner=Variable(name="execution"), name=method, arguments=(Literal(value=str(name)),)):
                if method in VARIABLE_READING_METHODS:
                    names.add(name)
            case FunctionCall(name=function, arguments=(Literal(value=str(name)), *_)):
                if FUNCTIONS[function].names_variable:
                    names.add(name)
            case _:
                pass
    return frozenset(names)


def _compile_text(text: str, template: Template) -> Evaluate:
    parts = [Constant(part) if isinstance(part, str) else build(part) for part in template.parts]
    if all(isinstance(part, Constant) for part in parts):
        return Constant("".join(to_string(part.value) for part in parts if isinstance(part, Constant)))

    def evaluate(reader: VariableReader) -> Any:
        try:
            return bounded_string("".join([to_string(part(reader)) for part in parts]))
        except OperationError as error:
            raise ExpressionError(text, str(error)) from error

    return evaluate


def _guarded_value(text: str, root: Evaluate) -> Evaluate:
    def evaluate(reader: VariableReader) -> Any:
        try:
            value = root(reader)
            return value if type(value) in JSON_TYPES else require_json(value)
        except OperationError as error:
            raise ExpressionError(text, str(error)) from error

    return evaluate


def _guarded_condition(text: str, root: Evaluate) -> Evaluate:
    def evaluate(reader: VariableReader) -> Any:
        try:
            value = root(reader)
            return value if value is True or value is False else to_boolean(value)
        except OperationError as error:
            raise ExpressionError(text, str(error)) from error

    return evaluate
