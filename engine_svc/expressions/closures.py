"""Turns a syntax tree into nested Python functions.

Comparisons with a literal and reads of a variable have functions of their own: conditions consist of
little else, and each call saved is a tenth of their cost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine_svc.expressions.access import call_method, read_index, read_property
from engine_svc.expressions.coercion import bounded_string, to_boolean, to_string
from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.evaluation import Constant, Evaluate, VariableReader
from engine_svc.expressions.functions import FUNCTIONS, Function
from engine_svc.expressions.nodes import (
    Arithmetic,
    Comparison,
    Conditional,
    FunctionCall,
    Index,
    Literal,
    Logical,
    MethodCall,
    Node,
    Property,
    Unary,
    Variable,
)
from engine_svc.expressions.operators import (
    ARITHMETIC,
    COMPARISON,
    NATIVE_COMPARISON,
    is_empty,
    negate,
)
from engine_svc.expressions.static_checks import is_concatenation


def build(node: Node) -> Evaluate:
    """Return a function that evaluates `node`; it raises `OperationError`."""
    match node:
        case Literal(value=value):
            return Constant(value)
        case Variable(name=name):
            return _variable(name)
        case Property(owner=owner, name=name):
            return _property(build(owner), name)
        case Index(owner=owner, key=key):
            return _index(build(owner), build(key))
        case MethodCall(owner=owner, name=name, arguments=arguments):
            return _method(build(owner), name, [build(argument) for argument in arguments])
        case FunctionCall(name=name, arguments=arguments):
            return _function(FUNCTIONS[name], [build(argument) for argument in arguments])
        case Unary(operator=symbol, operand=operand):
            return _unary(symbol, build(operand))
        case Arithmetic(first=first, rest=rest):
            if is_concatenation(node):
                return _concatenation([build(first), *(build(operand) for _, operand in rest)])
            return _arithmetic(build(first), [(ARITHMETIC[symbol], build(operand)) for symbol, operand in rest])
        case Comparison(operator=symbol, left=left, right=right):
            return _comparison(symbol, left, right)
        case Logical(operator=symbol, operands=operands):
            return _logical(symbol, [build(operand) for operand in operands])
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return _conditional(build(condition), build(then), build(otherwise))
    raise AssertionError(f"no closure for {type(node).__name__}")


def _variable(name: str) -> Evaluate:
    def evaluate(reader: VariableReader) -> Any:
        try:
            return reader.lookup(name)
        except KeyError:
            raise OperationError(f"unknown variable {name!r}") from None

    return evaluate


def _property(owner: Evaluate, name: str) -> Evaluate:
    return lambda reader: read_property(owner(reader), name)


def _index(owner: Evaluate, key: Evaluate) -> Evaluate:
    return lambda reader: read_index(owner(reader), key(reader))


def _method(owner: Evaluate, name: str, arguments: list[Evaluate]) -> Evaluate:
    return lambda reader: call_method(owner(reader), name, [argument(reader) for argument in arguments])


def _function(function: Function, arguments: list[Evaluate]) -> Evaluate:
    call = function.call
    return lambda reader: call(reader, *[argument(reader) for argument in arguments])


def _unary(symbol: str, operand: Evaluate) -> Evaluate:
    if symbol == "-":
        return lambda reader: negate(operand(reader))
    if symbol == "empty":
        return lambda reader: is_empty(operand(reader))
    return lambda reader: not to_boolean(operand(reader))


def _concatenation(operands: list[Evaluate]) -> Evaluate:
    def evaluate(reader: VariableReader) -> Any:
        return bounded_string("".join([to_string(operand(reader)) for operand in operands]))

    return evaluate


def _arithmetic(first: Evaluate, rest: list[tuple[Callable[[Any, Any], Any], Evaluate]]) -> Evaluate:
    def evaluate(reader: VariableReader) -> Any:
        result = first(reader)
        for operate, operand in rest:
            result = operate(result, operand(reader))
        return result

    return evaluate


def _comparison(symbol: str, left: Node, right: Node) -> Evaluate:
    compare = COMPARISON[symbol]
    if isinstance(right, Literal) and type(right.value) in (int, float, str):
        return _comparison_with_literal(symbol, build(left), right.value)
    evaluate_left, evaluate_right = build(left), build(right)
    return lambda reader: compare(evaluate_left(reader), evaluate_right(reader))


def _comparison_with_literal(symbol: str, left: Evaluate, literal: int | float | str) -> Evaluate:
    compare, native, kind = COMPARISON[symbol], NATIVE_COMPARISON[symbol], type(literal)

    def evaluate(reader: VariableReader) -> Any:
        value = left(reader)
        if type(value) is kind:
            return native(value, literal)
        return compare(value, literal)

    return evaluate


def _logical(symbol: str, operands: list[Evaluate]) -> Evaluate:
    decisive = symbol == "||"
    if len(operands) == 2:
        return _logical_pair(operands[0], operands[1], decisive)

    def evaluate(reader: VariableReader) -> Any:
        return any(to_boolean(operand(reader)) is decisive for operand in operands) is decisive

    return evaluate


def _logical_pair(left: Evaluate, right: Evaluate, decisive: bool) -> Evaluate:
    def evaluate(reader: VariableReader) -> Any:
        value = left(reader)
        if value is not True and value is not False:
            value = to_boolean(value)
        if value is decisive:
            return decisive
        value = right(reader)
        return value if value is True or value is False else to_boolean(value)

    return evaluate


def _conditional(condition: Evaluate, then: Evaluate, otherwise: Evaluate) -> Evaluate:
    return lambda reader: then(reader) if to_boolean(condition(reader)) else otherwise(reader)
