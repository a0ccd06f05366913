"""The syntax tree of one `${...}` expression. Every node knows how deeply it is nested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, frozen=True)
class Node:
    """What all nodes share."""

    column: int
    """0-based position in the expression."""
    depth: int


@dataclass(slots=True, frozen=True)
class Literal(Node):
    """A number, string, boolean or null."""

    value: Any


@dataclass(slots=True, frozen=True)
class Variable(Node):
    """A variable or bean by its name."""

    name: str


@dataclass(slots=True, frozen=True)
class Property(Node):
    """`owner.name`."""

    owner: Node
    name: str


@dataclass(slots=True, frozen=True)
class Index(Node):
    """`owner[key]`."""

    owner: Node
    key: Node


@dataclass(slots=True, frozen=True)
class MethodCall(Node):
    """`owner.name(arguments)`."""

    owner: Node
    name: str
    arguments: tuple[Node, ...]


@dataclass(slots=True, frozen=True)
class FunctionCall(Node):
    """`name(arguments)` or `prefix:name(arguments)`."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(slots=True, frozen=True)
class Unary(Node):
    """`-`, `!` or `empty` before an operand."""

    operator: str
    operand: Node


@dataclass(slots=True, frozen=True)
class Arithmetic(Node):
    """A chain of operators of one precedence, applied from the left."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(slots=True, frozen=True)
class Comparison(Node):
    """Two operands compared."""

    operator: str
    left: Node
    right: Node


@dataclass(slots=True, frozen=True)
class Logical(Node):
    """A chain of `&&` or of `||`."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(slots=True, frozen=True)
class Conditional(Node):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below `node`, in the order of the text."""
    match node:
        case Property(owner=owner):
            return (owner,)
        case Index(owner=owner, key=key):
            return (owner, key)
        case MethodCall(owner=owner, arguments=arguments):
            return (owner, *arguments)
        case FunctionCall(arguments=arguments):
            return arguments
        case Unary(operand=operand):
            return (operand,)
        case Arithmetic(first=first, rest=rest):
            return (first, *(operand for _, operand in rest))
        case Comparison(left=left, right=right):
            return (left, right)
        case Logical(operands=operands):
            return operands
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case _:
            return ()
