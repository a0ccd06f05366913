"""What can be refused before evaluation, because the owner of a method or property is known."""

from __future__ import annotations

from engine_svc.expressions.coercion import parse_number, type_name
from engine_svc.expressions.hosts import HOSTS, HostContract, getter_member
from engine_svc.expressions.methods import METHODS_BY_TYPE
from engine_svc.expressions.nodes import Arithmetic, Literal, MethodCall, Node, Property, Variable, children
from engine_svc.expressions.syntax import ParseError


def check(node: Node) -> None:
    """Raise `ParseError` for the first use of something that cannot exist."""
    pending = [node]
    while pending:
        current = pending.pop()
        pending.extend(reversed(children(current)))
        match current:
            case MethodCall(owner=Literal(value=value)):
                _check_value_method(current, value)
            case MethodCall(owner=Variable(name=name)) if name in HOSTS:
                _check_host_method(current, name, HOSTS[name])
            case Property(owner=Variable(name=name)) if name in HOSTS:
                _check_host_member(current, name, HOSTS[name])
            case Property(owner=Literal(value=value)) if value is not None:
                raise ParseError(f"a {type_name(value)} has no property {current.name}", current.column)
            case Arithmetic() if not is_concatenation(current):
                _check_operands(current)


def is_concatenation(node: Arithmetic) -> bool:
    """Tell whether a chain of `+` joins texts: one of its operands is a literal that is not numeric.

    JUEL's `+` adds numbers only and fails on such a literal always, so joining instead changes no
    expression that works there. What decides is the text of the model, never the data.
    """
    return all(symbol == "+" for symbol, _ in node.rest) and any(
        _is_text(operand) for operand in (node.first, *(operand for _, operand in node.rest))
    )


def _is_text(node: Node) -> bool:
    return (
        isinstance(node, Literal) and type(node.value) is str and node.value != "" and parse_number(node.value) is None
    )


def _check_operands(node: Arithmetic) -> None:
    for operand in (node.first, *(operand for _, operand in node.rest)):
        if _is_text(operand):
            raise ParseError(
                "a string that is not a number in arithmetic; only a chain of + joins texts", operand.column
            )


def _check_value_method(node: MethodCall, value: object) -> None:
    method = METHODS_BY_TYPE.get(type(value), {}).get(node.name)
    if method is None:
        raise ParseError(f"a {type_name(value)} has no method {node.name}()", node.column)
    if not method.accepts(len(node.arguments)):
        raise ParseError(f"wrong number of arguments for {node.name}()", node.column)


def _check_host_method(node: MethodCall, name: str, contract: HostContract) -> None:
    count = len(node.arguments)
    arity = contract.methods.get(node.name)
    if arity is None:
        if count == 0 and getter_member(node.name) in contract.members:
            return
        known = ", ".join(sorted(contract.methods))
        raise ParseError(f"{name} has no method {node.name}(); it has {known}", node.column)
    if not arity[0] <= count <= arity[1]:
        raise ParseError(f"wrong number of arguments for {name}.{node.name}()", node.column)


def _check_host_member(node: Property, name: str, contract: HostContract) -> None:
    if node.name not in contract.members:
        known = ", ".join(sorted(contract.members))
        raise ParseError(f"{name} has no property {node.name}; it has {known}", node.column)
