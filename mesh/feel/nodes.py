"""The syntax tree of an expression."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, frozen=True, eq=False)
class Node:
    """What all nodes share: nodes are told apart by identity."""


@dataclass(slots=True, frozen=True, eq=False)
class Literal(Node):
    """A number, string, boolean, null or temporal value."""

    value: Any


@dataclass(slots=True, frozen=True, eq=False)
class Variable(Node):
    """A name: of a variable, an entry, a parameter or a function. `?` is the value that a unary test is about."""

    name: str


@dataclass(slots=True, frozen=True, eq=False)
class Property(Node):
    """`owner.name`."""

    owner: Node
    name: str


@dataclass(slots=True, frozen=True, eq=False)
class Filter(Node):
    """`owner[condition]`: an index or a condition on each element."""

    owner: Node
    condition: Node


@dataclass(slots=True, frozen=True, eq=False)
class Call(Node):
    """`function(arguments)`; `names` where the arguments are named."""

    function: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...] | None = None


@dataclass(slots=True, frozen=True, eq=False)
class Negation(Node):
    """`-operand`."""

    operand: Node


@dataclass(slots=True, frozen=True, eq=False)
class Arithmetic(Node):
    """A chain of operators of one rank, from the left."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(slots=True, frozen=True, eq=False)
class Comparison(Node):
    """`left operator right`."""

    operator: str
    left: Node
    right: Node


@dataclass(slots=True, frozen=True, eq=False)
class Logical(Node):
    """`and` or `or` of two or more."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(slots=True, frozen=True, eq=False)
class Between(Node):
    """`value between low and high`."""

    value: Node
    low: Node
    high: Node


@dataclass(slots=True, frozen=True, eq=False)
class In(Node):
    """`value in tests`."""

    value: Node
    tests: tuple[Node, ...]


@dataclass(slots=True, frozen=True, eq=False)
class Test(Node):
    """`< operand` and the like: a test of a value that stands elsewhere. As a value it is a range."""

    operator: str
    operand: Node


@dataclass(slots=True, frozen=True, eq=False)
class RangeLiteral(Node):
    """`[start..end]` with either bracket."""

    start: Node
    end: Node
    start_included: bool
    end_included: bool


@dataclass(slots=True, frozen=True, eq=False)
class ListLiteral(Node):
    """`[a, b]`."""

    items: tuple[Node, ...]


@dataclass(slots=True, frozen=True, eq=False)
class ContextLiteral(Node):
    """`{a: 1, b: a + 1}`."""

    entries: tuple[tuple[str, Node], ...]


@dataclass(slots=True, frozen=True, eq=False)
class Conditional(Node):
    """`if condition then then else otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True, frozen=True, eq=False)
class Loop(Node):
    """`name in domain`, or `name in domain..end`."""

    name: str
    domain: Node
    end: Node | None


@dataclass(slots=True, frozen=True, eq=False)
class For(Node):
    """`for loops return body`."""

    loops: tuple[Loop, ...]
    body: Node


@dataclass(slots=True, frozen=True, eq=False)
class Quantified(Node):
    """`some loops satisfies condition`, or `every`."""

    every: bool
    loops: tuple[Loop, ...]
    condition: Node


@dataclass(slots=True, frozen=True, eq=False)
class TypeName(Node):
    """A type: `number`, `list<string>`, `context<a: number>`, `function<number> -> string`."""

    name: str
    arguments: tuple[TypeName, ...] | None = None
    fields: tuple[tuple[str, TypeName], ...] = ()
    result: TypeName | None = None


@dataclass(slots=True, frozen=True, eq=False)
class FunctionDefinition(Node):
    """`function(parameters) body`."""

    parameters: tuple[tuple[str, TypeName | None], ...]
    body: Node


@dataclass(slots=True, frozen=True, eq=False)
class InstanceOf(Node):
    """`value instance of type`."""

    value: Node
    type: TypeName


@dataclass(slots=True, frozen=True, eq=False)
class UnaryTests(Node):
    """`tests`, or `not(tests)`. Without tests it is `-`, which holds for every value."""

    tests: tuple[Node, ...]
    negated: bool


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes that stand directly in `node`, from the left."""
    for field in dataclasses.fields(node):
        yield from _nodes(getattr(node, field.name))


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif type(value) is tuple:
        for part in value:
            yield from _nodes(part)


def sizes(root: Node, most: int) -> dict[Node, int] | None:
    """Return the number of nodes under each node, itself included; None where they are nested deeper than `most`."""
    found: dict[Node, int] = {}
    pending: list[tuple[Node, int, bool]] = [(root, 1, False)]
    while pending:
        node, depth, seen = pending.pop()
        if depth > most:
            return None
        if seen:
            found[node] = 1 + sum(found[child] for child in children(node))
        else:
            pending.append((node, depth, True))
            pending.extend((child, depth + 1, False) for child in children(node))
    return found
